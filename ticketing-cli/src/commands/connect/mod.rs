//! `ticketing connect`.

mod browser;
mod callback;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use ticketing::{ProviderRegistration, Secret};
use ticketing_store::{
    BeginAuthorization, Begun, Client, ClientChoice, Completed, Connection, Connections, GrantKind, OAuthApp,
    SharedApp, Site,
};

use crate::args::text::standard_input;
use crate::args::{Globals, parse};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::note;

/// Connect a customer's account once: by OAuth in a browser, by a grant without one, or with a credential in --config.
///
/// The address of the vendor's page is written on standard error, and opened where there is a browser; the answer comes to a
/// port of this machine. With --connection NAME, a connection that is there is authorized again; with another
/// --client-secret-file (and --client-id) or --grant, by those.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The provider; `ticketing providers` lists them
    #[arg(value_name = "PROVIDER", value_parser = parse::not_empty)]
    provider: String,
    /// What to call the connection; without it, by the provider's name
    #[arg(long, value_name = "NAME", value_parser = parse::not_empty)]
    name: Option<String>,
    /// The customer's instance, site or subdomain, where --config does not say it
    #[arg(long, visible_aliases = ["instance", "site", "subdomain"], value_name = "HOST", value_parser = parse::not_empty)]
    address: Option<String>,
    /// How tokens are had
    #[arg(long, value_enum, default_value_t = Grant::AuthorizationCode)]
    grant: Grant,
    /// The OAuth client's id: the customer's administrator has it, or the product is registered by it
    #[arg(long, value_name = "ID", env = "TICKETING_CLIENT_ID", hide_env_values = true)]
    client_id: Option<String>,
    /// The OAuth client's secret; better in TICKETING_CLIENT_SECRET or a file, as others see command lines
    #[arg(long, value_name = "SECRET", env = "TICKETING_CLIENT_SECRET", hide_env_values = true, value_parser = parse::secret)]
    client_secret: Option<Secret>,
    /// A file that holds the client's secret; `-`: standard input
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<String>,
    /// The product's own registration of this name in the store; with --client-id that client is kept under it once the vendor
    /// took it, and with TICKETING_CLIENT_ID where there is none yet
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Ask for this scope instead of the usual ones; several by repeating
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// The user, with --grant password
    #[arg(long, value_name = "NAME", required_if_eq("grant", "password"))]
    username: Option<String>,
    /// A file that holds the user's password, with --grant password; else it is taken from TICKETING_PASSWORD
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Which of the customer's sites, by its id or address, where the token opens several
    #[arg(long, value_name = "ID")]
    site_id: Option<String>,
    /// The port of this machine that the browser comes back to; http://127.0.0.1:PORT/callback is registered with the vendor
    #[arg(long, default_value_t = 8400, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Only write the address of the vendor's page, and open no browser
    #[arg(long)]
    no_browser: bool,
    /// How many seconds to wait for the browser
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// Which arguments of [`OF_A_CLIENT`] were typed, and are not of the environment.
    #[arg(skip)]
    typed: Vec<&'static str>,
}

/// Arguments that say how a new connection logs in by OAuth.
const OF_A_CLIENT: [&str; 9] = [
    "client_id",
    "client_secret",
    "client_secret_file",
    "app",
    "scope",
    "grant",
    "username",
    "password_file",
    "site_id",
];

/// How tokens are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Grant {
    /// The customer agrees on the vendor's page
    AuthorizationCode,
    /// The client's own credentials
    ClientCredentials,
    /// A user's name and password, where the vendor still takes them
    Password,
}

impl Connect {
    /// What is typed goes before what the environment says, and what would do nothing is refused.
    pub(crate) fn prefer_typed(&mut self, is_typed: impl Fn(&str) -> bool) {
        self.typed = OF_A_CLIENT.into_iter().filter(|name| is_typed(name)).collect();
        if self.client_secret_file.is_some() && !self.typed.contains(&"client_secret") {
            self.client_secret = None;
        }
    }

    /// Refuses arguments that would be passed over silently.
    fn takes_no_client(&self, why: &str) -> Result<()> {
        self.takes_none_of(&OF_A_CLIENT, why)
    }

    fn takes_none_of(&self, names: &[&str], why: &str) -> Result<()> {
        match self.typed.iter().find(|name| names.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Failure::usage(format!("--{}: {why}; leave it out", name.replace('_', "-")))),
        }
    }

    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let registry = ticketing::registry()?;
        let registration = registry.get(&self.provider)?;
        let (_, connections) = globals.connection.connections().await?;
        let tenant = globals.connection.store().tenant();
        if let Some(name) = globals.connection.typed_name() {
            let made = self.again(globals, &connections, registration, name).await?;
            return globals.output.document(&made);
        }
        let config = self.configuration(globals, registration)?;
        let name = self.name.clone().unwrap_or_else(|| registration.name.to_owned());
        let has_credential = config.get("auth").is_some_and(|auth| !auth.is_null());
        if has_credential || registration.authorization.is_none() {
            let why = if has_credential {
                "--config holds the credential, in `auth`".to_owned()
            } else {
                format!("{} is not connected by OAuth", registration.name)
            };
            self.takes_no_client(&why)?;
            let made = connections.connect(tenant, registration.name, &name, config).await?;
            return globals.output.document(&made);
        }
        let client = self.client(&connections, registration.name).await?;
        let mut request = BeginAuthorization::new(tenant, registration.name, name, config, client, self.redirect());
        if !self.scope.is_empty() {
            request = request.with_scopes(self.scope.clone());
        }
        if let Some(site) = &self.site_id {
            request = request.with_site(site.clone());
        }
        let made = match self.grant {
            Grant::AuthorizationCode => {
                let callback = callback::Listener::bind(self.port).await?;
                let begun = connections.begin_authorization(request).await?;
                self.come_back(callback, &connections, tenant, &begun).await?
            }
            Grant::ClientCredentials => connections.connect_by_grant(request, None).await?,
            Grant::Password => connections.connect_by_grant(request, Some(self.login()?)).await?,
        };
        globals.output.document(&made)
    }

    /// Authorizes a connection again that is there, or gives it another credential.
    async fn again(
        &self,
        globals: &Globals,
        connections: &Connections,
        registration: &ProviderRegistration,
        name: &str,
    ) -> Result<Connection> {
        let tenant = globals.connection.store().tenant();
        let known = connections.store().find(tenant, name).await?;
        if known.provider != registration.name {
            return Err(Failure::usage(format!(
                "--connection: `{name}` is of {}, and this is {}; write `ticketing connect {} --connection {name}`",
                known.provider, registration.name, known.provider
            )));
        }
        if self.name.is_some() {
            return Err(Failure::usage(
                "--name: --connection names the connection; leave it out, and rename it by `ticketing connections rename`",
            ));
        }
        if self.address.is_some() {
            return Err(Failure::usage("--address: --connection has its own address; leave it out"));
        }
        if let Some(config) = globals.connection.config()? {
            self.takes_no_client("--config holds the credential, in `auth`")?;
            return Ok(connections.reconnect(tenant, &known.id, config).await?);
        }
        self.takes_none_of(&["scope", "site_id"], "--connection is authorized again as it was made")?;
        self.refuse_idle(true)?;
        let client = self.another_client(connections, &known).await?;
        // Unless another is typed, tokens are had as they were.
        let grant = match connections.grant(&known).await? {
            Some(GrantKind::ClientCredentials) if !self.typed.contains(&"grant") => Grant::ClientCredentials,
            Some(GrantKind::Password) if !self.typed.contains(&"grant") => {
                return Err(Failure::usage(format!(
                    "--grant: `{}` logs in with a user's name and password; give --grant password and them, or another grant",
                    known.name
                )));
            }
            _ => self.grant,
        };
        let login = match grant {
            Grant::AuthorizationCode => {
                let callback = callback::Listener::bind(self.port).await?;
                let begun = match client {
                    None => connections.begin_reauthorization(tenant, &known.id, &self.redirect()).await?,
                    Some(client) => {
                        connections.begin_reauthorization_with(tenant, &known.id, &self.redirect(), client).await?
                    }
                };
                return self.come_back(callback, connections, tenant, &begun).await;
            }
            Grant::ClientCredentials => None,
            Grant::Password => Some(self.login()?),
        };
        Ok(connections.reauthorize_by_grant(tenant, &known.id, client, login).await?)
    }

    /// The client that is typed for a connection that is there: another secret of the one it has, or another one. With --app
    /// it is the product's registration, for all who use it.
    async fn another_client(&self, connections: &Connections, known: &Connection) -> Result<Option<ClientChoice>> {
        let is_typed = |name| self.typed.contains(&name);
        let id = self.client_id.as_deref().filter(|_| is_typed("client_id"));
        let secret = match is_typed("client_secret") || is_typed("client_secret_file") {
            true => self.secret()?,
            // With another id, the environment may have its secret.
            false => id.and_then(|_| self.client_secret.clone()),
        };
        let app = self.app.as_deref().filter(|_| is_typed("app"));
        if id.is_none() && secret.is_none() {
            return match app {
                None => Ok(None),
                Some(_) => Err(Failure::usage(
                    "--app: it goes with --client-secret-file (and --client-id): the client that takes the registration's place",
                )),
            };
        }
        let own = match (&known.oauth_app, app) {
            (None, _) => {
                self.takes_no_client(&format!("`{}` does not log in by OAuth", known.name))?;
                return Ok(None);
            }
            (Some(OAuthApp::Own { client_id }), _) => Some(client_id.clone()),
            (Some(OAuthApp::Shared(_)), None) => None,
            (Some(OAuthApp::Shared(_)), Some(app)) => registered(connections, app).await?.map(|known| known.client_id),
        };
        if secret.is_none() && id == own.as_deref() {
            return Err(Failure::usage("--client-id: it is the one that the connection has; give its new secret too"));
        }
        // What a connection may have is the library's to say.
        let client = Client::new(id.or(own.as_deref()).unwrap_or_default(), secret);
        Ok(Some(match app {
            None => ClientChoice::Own(client),
            Some(app) => ClientChoice::Register { name: app.to_owned(), client },
        }))
    }

    /// Sends the customer to the vendor's page, and waits for them to come back.
    async fn come_back(
        &self,
        callback: callback::Listener,
        connections: &Connections,
        tenant: &str,
        begun: &Begun,
    ) -> Result<Connection> {
        note("open this address in a browser, and agree there:");
        note(begun.url.as_str());
        if !self.no_browser && io::stderr().is_terminal() {
            browser::open(begun.url.as_str());
        }
        let state = begun.url.query_pairs().find(|(key, _)| key == "state").map(|(_, state)| Secret::new(state));
        let state =
            state.ok_or_else(|| Failure::new(Exit::Unexpected, "the vendor's page is asked without a state"))?;
        let callback = callback.wait(Duration::from_secs(self.timeout), state).await?;
        match connections.complete_authorization(tenant, callback).await? {
            Completed::Connected(made) => Ok(*made),
            Completed::ChooseSite { continuation, sites } => {
                let site = self.choose(&sites)?;
                Ok(connections.choose_site(tenant, &continuation, &site).await?)
            }
            _ => Err(Failure::new(Exit::Unexpected, "the authorization ended in a way that is not known")),
        }
    }

    /// Which site: as the command line says, or as a person at the terminal does.
    fn choose(&self, sites: &[Site]) -> Result<String> {
        let known = || sites.iter().map(|site| format!("{} ({})", site.id, site.url)).collect::<Vec<_>>().join(", ");
        if let Some(wanted) = &self.site_id {
            let found = sites
                .iter()
                .find(|site| site.id == *wanted || site.url.trim_end_matches('/') == wanted.trim_end_matches('/'));
            return found.map(|site| site.id.clone()).ok_or_else(|| {
                Failure::usage(format!("--site-id: the customer agreed to no such site, but to: {}", known()))
            });
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage(format!(
                "--site-id: the customer's token opens several sites; connect again with one of: {}",
                known()
            )));
        }
        for (site, number) in sites.iter().zip(1..) {
            note(&format!("{number}: {} {}", site.name, site.url));
        }
        let _ = write!(io::stderr(), "which site? ");
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let chosen = read.ok().and_then(|_| line.trim().parse::<usize>().ok());
        chosen
            .and_then(|number| sites.get(number.checked_sub(1)?))
            .map(|site| site.id.clone())
            .ok_or_else(|| Failure::usage("there is no site of that number; connect again"))
    }

    /// The configuration, with the address that was given beside it.
    fn configuration(&self, globals: &Globals, registration: &ProviderRegistration) -> Result<Value> {
        let mut config = globals.connection.config()?.unwrap_or_else(|| Value::Object(Map::new()));
        if let (Some(address), Value::Object(map)) = (&self.address, &mut config) {
            let key = address_key(registration).ok_or_else(|| {
                Failure::usage(format!("--address: {} has no address; leave it out", registration.name))
            })?;
            if map.insert(key.clone(), Value::String(address.clone())).is_some() {
                return Err(Failure::usage(format!("--address: --config has `{key}` too; give one of them")));
            }
        }
        Ok(config)
    }

    /// Refuses arguments that would do nothing.
    fn refuse_idle(&self, is_again: bool) -> Result<()> {
        let is_idle = |name: &&&str| match **name {
            "client_secret" | "client_secret_file" => self.client_id.is_none() && !is_again,
            "username" | "password_file" => self.grant != Grant::Password,
            "site_id" => self.grant != Grant::AuthorizationCode,
            _ => false,
        };
        let Some(name) = self.typed.iter().find(is_idle) else { return Ok(()) };
        let goes_with = match *name {
            name if name.starts_with("client") => "--client-id",
            "site_id" => "--grant authorization-code",
            _ => "--grant password",
        };
        Err(Failure::usage(format!("--{}: it goes with {goes_with}, which is not given", name.replace('_', "-"))))
    }

    fn secret(&self) -> Result<Option<Secret>> {
        match (&self.client_secret, &self.client_secret_file) {
            (Some(_), Some(_)) => {
                Err(Failure::usage("--client-secret-file: --client-secret is given too; give one of them"))
            }
            (Some(secret), None) => Ok(Some(secret.clone())),
            (None, Some(file)) => from_file("--client-secret-file", file).map(Some),
            (None, None) => Ok(None),
        }
    }

    async fn client(&self, connections: &Connections, provider: &str) -> Result<ClientChoice> {
        self.refuse_idle(false)?;
        let client =
            self.client_id.as_ref().map(|id| Ok::<_, Failure>(Client::new(id.clone(), self.secret()?))).transpose()?;
        match (&self.app, client) {
            (Some(app), Some(client)) => {
                let known = registered(connections, app).await?;
                // What the environment says makes a registration, and takes none's place.
                if known.is_some() && !self.typed.contains(&"client_id") {
                    self.takes_none_of(
                        &["client_secret", "client_secret_file"],
                        "it goes with --client-id where the registration is there already",
                    )?;
                    return Ok(ClientChoice::Shared(app.clone()));
                }
                if client.secret.is_none() && known.is_some_and(|known| known.client_id == client.id) {
                    return Err(Failure::usage(
                        "--client-id: it is the one that is registered; leave it out, or give its new secret too",
                    ));
                }
                Ok(ClientChoice::Register { name: app.clone(), client })
            }
            (Some(app), None) => Ok(ClientChoice::Shared(app.clone())),
            (None, Some(client)) => Ok(ClientChoice::Own(client)),
            (None, None) => Err(Failure::usage(format!(
                "--client-id: none is given; the customer's administrator makes an OAuth client (`ticketing admin-kit {provider}` says how), or --app names a shared one; a credential without OAuth goes into --config as `auth`"
            ))),
        }
    }

    fn login(&self) -> Result<(String, Secret)> {
        let username = self.username.clone().ok_or_else(|| Failure::usage("--username: none is given"))?;
        let password = match &self.password_file {
            Some(file) => from_file("--password-file", file)?,
            None => match std::env::var("TICKETING_PASSWORD") {
                Ok(password) if !password.is_empty() => Secret::new(password),
                _ => {
                    return Err(Failure::usage(
                        "--password-file: none is given; give a file, `-`, or set TICKETING_PASSWORD",
                    ));
                }
            },
        };
        Ok((username, password))
    }

    fn redirect(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }
}

async fn registered(connections: &Connections, app: &str) -> Result<Option<SharedApp>> {
    Ok(connections.store().oauth_apps().await?.into_iter().find(|known| known.name == app))
}

/// The key of a provider's configuration that says where it is: the required one that is no credential.
fn address_key(registration: &ProviderRegistration) -> Option<String> {
    const ADDRESSES: [&str; 5] = ["instance", "site", "subdomain", "url", "host"];
    let schema = (registration.config_schema)().to_value();
    let properties = schema.get("properties")?.as_object()?;
    ADDRESSES.iter().find(|key| properties.contains_key(**key)).map(|key| (*key).to_owned())
}

/// A secret in a file, or on standard input, without the line break that ends it.
pub(crate) fn from_file(argument: &str, path: &str) -> Result<Secret> {
    let text = match path {
        "-" => standard_input()?,
        path => fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{argument}: cannot read the file {path}: {error}")))?,
    };
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}
