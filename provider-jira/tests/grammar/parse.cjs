// Parses queries with Atlassian's own grammar: one JSON string a line in, one `{"errors":[…],"values":[…]}` a line out.
const readline = require("readline");
const { createRequire } = require("module");
const fromHere = createRequire(`${process.argv[2]}/`);
const { JastBuilder } = fromHere("@atlaskit/jql-ast");

/** Every quoted value of a query, as the grammar reads it. */
function values(node, out = []) {
  if (Array.isArray(node)) node.forEach((one) => values(one, out));
  else if (node && typeof node === "object") {
    if (node.operandType === "value") out.push(node.value);
    for (const key of ["where", "clause", "clauses", "operand", "values"]) values(node[key], out);
  }
  return out;
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const tree = new JastBuilder().build(JSON.parse(line));
  const errors = tree.errors.map((error) => error.message);
  console.log(JSON.stringify({ errors, values: tree.query ? values(tree.query) : [] }));
});
