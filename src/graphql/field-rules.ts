import {
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

/** What a caller must have: a scope, or `signedIn`. */
export type Requirement = string;

interface RuleOptions {
  authScopes?: unknown;
  skipTypeScopes?: boolean;
}

/** The rule of a type and of its field, as scope-auth applies them; empty for what anybody may read. */
export function requirementsOf(
  type: Pick<GraphQLNamedType, 'name' | 'extensions'>,
  field: Pick<GraphQLField<unknown, unknown>, 'name' | 'extensions'>,
): readonly Requirement[] {
  const options = optionsOf(field);
  const ofType = options.skipTypeScopes ? [] : namesIn(optionsOf(type).authScopes, type.name);
  return [...new Set([...ofType, ...namesIn(options.authScopes, `${type.name}.${field.name}`)])];
}

function optionsOf({ extensions }: { extensions: Readonly<Record<string, unknown>> }): RuleOptions {
  return extensions['pothosOptions'] ?? {};
}

/** Constants only: what is decided while a field runs could be neither documented nor checked before it. */
function namesIn(authScopes: unknown, place: string): Requirement[] {
  if (authScopes === undefined) return [];
  const scopes = typeof authScopes === 'object' && authScopes !== null ? Object.entries(authScopes) : [];
  if (scopes.length !== 1 || scopes[0]?.[1] !== true) {
    throw new Error(`The authScopes of ${place} must be one scope, such as { MANAGE: true }.`);
  }
  return [scopes[0][0]];
}

/** Of all fields that the document selects. */
export function requirementsOfDocument(schema: GraphQLSchema, document: DocumentNode): Requirement[] {
  const found = new Set<Requirement>();
  const info = new TypeInfo(schema);
  const addField = () => {
    const [type, field] = [info.getParentType(), info.getFieldDef()];
    if (type && field) for (const each of requirementsOf(type, field)) found.add(each);
  };
  visit(document, visitWithTypeInfo(info, { Field: addField }));
  return [...found];
}

interface RuledField {
  type: GraphQLObjectType;
  field: GraphQLField<unknown, unknown>;
  requirements: readonly Requirement[];
}

export function ruledFieldsOf(schema: GraphQLSchema): RuledField[] {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return types.flatMap((type) =>
    Object.values(type.getFields()).map((field) => ({
      type,
      field,
      requirements: requirementsOf(type, field),
    })),
  );
}

/** Of several, the last is the one of the field itself. To read is what everyone who has signed in may do. */
export function mainRequirementOf({ requirements }: Pick<RuledField, 'requirements'>): Requirement | null {
  return requirements.at(-1) ?? null;
}

const COMMON = 'READ';

/** Adds to the description of each field that requires more than the scope READ what it requires. */
export function describeRequirements(schema: GraphQLSchema): GraphQLSchema {
  for (const { field, requirements } of ruledFieldsOf(schema)) {
    const main = mainRequirementOf({ requirements });
    if (main === null || main === COMMON) continue;
    const sentence = main === 'signedIn' ? 'Requires a signed-in user.' : `Requires the scope \`${main}\`.`;
    field.description = `${field.description ?? ''} ${sentence}`.trimStart();
  }
  return schema;
}
