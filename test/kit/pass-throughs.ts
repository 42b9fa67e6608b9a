import ts from 'typescript';

/**
 * The exported functions whose whole body calls another function with their own parameters, in the same order.
 * A method of a constant is not meant: `FINISHED_STATES.includes(state)` gets a name that says more.
 */
export function passThroughsOf(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements
    .flatMap((statement) => exportedFunctionsOf(statement, source))
    .flatMap(({ name, fn }) => {
      const call = onlyCallOf(fn.body);
      if (!call || !ts.isIdentifier(call.expression)) return [];
      const names = fn.parameters.map((parameter) => parameter.name.getText(source));
      const passed = call.arguments.map((argument) => argument.getText(source));
      return names.length > 0 && passed.join() === names.join() ? [`${file}: ${name}`] : [];
    });
}

interface NamedFunction {
  name: string;
  fn: ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;
}

function exportedFunctionsOf(statement: ts.Statement, source: ts.SourceFile): NamedFunction[] {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isFunctionDeclaration(statement)) return [{ name: statement.name?.text ?? '', fn: statement }];
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name, initializer: fn }) =>
    fn && (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)) ? [{ name: name.getText(source), fn }] : [],
  );
}

function onlyCallOf(body: ts.Node | undefined): ts.CallExpression | null {
  if (!body) return null;
  if (ts.isCallExpression(body)) return body;
  if (ts.isAwaitExpression(body)) return onlyCallOf(body.expression);
  if (ts.isBlock(body)) return body.statements.length === 1 ? onlyCallOf(body.statements[0]) : null;
  return ts.isReturnStatement(body) || ts.isExpressionStatement(body) ? onlyCallOf(body.expression) : null;
}
