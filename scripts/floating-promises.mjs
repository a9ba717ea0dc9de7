// Fails on a promise that nobody awaits, returns or voids. Biome's rule of that name sees only promises of our own
// functions; the ones that lose data come from pg, mqtt and node: `pool.query(...)`, `rm(...)`.
import { dirname, relative } from "node:path";
import ts from "typescript";

const root = dirname(import.meta.dirname);
const config = ts.getParsedCommandLineOfConfigFile(
  `${root}/tsconfig.json`,
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
    },
  },
);
if (config === undefined) throw new Error("tsconfig.json cannot be read");
const program = ts.createProgram(config.fileNames, config.options);
const checker = program.getTypeChecker();

/**
 * A value with a `then` of two callbacks, as await sees it.
 * @param {ts.Node} node
 */
function isPromise(node) {
  const type = checker.getApparentType(checker.getTypeAtLocation(node));
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => {
    // Fastify's reply is thenable so that a handler may return it; setting a header on it loses nothing.
    if (part.symbol?.name === "FastifyReply") return false;
    const then = part.getProperty("then");
    if (then === undefined) return false;
    return checker
      .getTypeOfSymbolAtLocation(then, node)
      .getCallSignatures()
      .some((signature) => signature.parameters.length >= 1);
  });
}

/**
 * `p.catch(f)`, `p.then(f, g)` and `.finally` after one of them are answered for.
 * @param {ts.Expression} node
 * @returns {boolean}
 */
function isHandled(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const method = node.expression.name.text;
  if (method === "catch") return node.arguments.length >= 1;
  if (method === "then") return node.arguments.length >= 2;
  return method === "finally" && isHandled(node.expression.expression);
}

/**
 * The expressions whose value a statement throws away.
 * @param {ts.Expression} node
 * @returns {ts.Expression[]}
 */
function discarded(node) {
  if (ts.isParenthesizedExpression(node)) return discarded(node.expression);
  if (ts.isConditionalExpression(node)) return [...discarded(node.whenTrue), ...discarded(node.whenFalse)];
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken.kind;
    if (operator === ts.SyntaxKind.CommaToken) return [...discarded(node.left), ...discarded(node.right)];
    if (operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment) return [];
    return discarded(node.right);
  }
  if (ts.isAwaitExpression(node) || ts.isVoidExpression(node)) return [];
  return [node];
}

let found = 0;
for (const file of program.getSourceFiles()) {
  if (file.isDeclarationFile || program.isSourceFileFromExternalLibrary(file)) continue;
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isExpressionStatement(node)) {
      for (const expression of discarded(node.expression)) {
        if (isHandled(expression) || !isPromise(expression)) continue;
        const { line, character } = file.getLineAndCharacterOfPosition(expression.getStart());
        process.stderr.write(
          `${relative(root, file.fileName)}:${line + 1}:${character + 1} this promise is not awaited, and its failure is lost\n`,
        );
        found += 1;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
}
process.exitCode = found === 0 ? 0 : 1;
