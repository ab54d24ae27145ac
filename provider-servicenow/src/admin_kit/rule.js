(function executeRule(current, previous /* null: the rule is asynchronous */) {
    // Tells of one change, signed. What is told is a hint: the record is read again by whoever receives it.
    // ES5 alone: the instance's engine knows no more. The secret is in a property, as scripts are exported in clear.
    function ascii(json) {
        // Any charset gives the same bytes to sign.
        return json.replace(/[\u007f-\uffff]/g, function (letter) {
            return '\\u' + ('0000' + letter.charCodeAt(0).toString(16)).slice(-4);
        });
    }
    try {
        var secret = gs.getProperty('ticketing.webhook.secret', '') + '';
        if (!secret) {
            gs.error('ticketing: the property ticketing.webhook.secret is empty; nothing was told');
            return;
        }
        var id = gs.generateGUID() + '';
        var body = ascii(JSON.stringify({
            id: id,
            event: {
                table: current.getTableName() + '',
                sys_id: current.getUniqueValue() + '',
                operation: OPERATION,
                fields: [],
                by: (current.getValue('sys_updated_by') || '') + '',
                at: (current.getValue('sys_updated_on') || '') + ''
            }
        }));
        var timestamp = Math.floor(new Date().getTime() / 1000) + '';
        var key = GlideStringUtil.base64Encode(secret);
        var mac = new GlideCertificateEncryption().generateMac(key, 'HmacSHA256', timestamp + '.' + body) + '';
        var message = new sn_ws.RESTMessageV2('Ticketing webhook', 'post');
        message.setRequestHeader('Content-Type', 'application/json');
        message.setRequestHeader('X-Ticketing-Timestamp', timestamp);
        message.setRequestHeader('X-Ticketing-Delivery', id);
        message.setRequestHeader('X-Ticketing-Signature', 'sha256=' + mac);
        message.setRequestBody(body);
        message.setHttpTimeout(10000);
        SEND
    } catch (error) {
        gs.error('ticketing: a change could not be told: ' + error);
    }
})(current, previous);
