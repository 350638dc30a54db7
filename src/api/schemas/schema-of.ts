import { type Static, type TSchema, type TUnsafe, Type } from 'typebox';

/** What a schema must describe to stand for an interface: values of it, with every field. */
type Describing<Schema extends TSchema, Shape> = [Static<Schema>] extends [Shape]
  ? [keyof Shape] extends [keyof Static<Schema>]
    ? Schema
    : never
  : never;

/**
 * Ties a schema to the interface that the service speaks in: the compiler refuses one that lacks a field or differs in type.
 * @returns a function that takes the schema and hands it on, typed as the interface
 */
export function schemaOf<Shape>(): <Schema extends TSchema>(
  schema: Describing<Schema, Shape>,
) => TUnsafe<Shape> {
  return (schema) => Type.Unsafe<Shape>(schema);
}
