import type { z } from 'zod';
import type { ImportContext } from '../../contracts/importer';
import { Refusal } from '../../model/refusal';

/** The options of a context, checked and filled in by the importer's schema; a Refusal names the option. */
export function readOptions<T extends z.ZodObject>(schema: T, context: ImportContext, importer: string): z.infer<T> {
  const parsed = schema.strict().safeParse(context.options);
  if (parsed.success) return parsed.data as z.infer<T>;
  const known = Object.keys(schema.shape).join(', ') || 'none';
  const issues = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown option ${issue.keys.map((key) => `"${key}"`).join(', ')} (known: ${known})`
      : `option "${issue.path.join('.')}": ${issue.message}`,
  );
  throw new Refusal(`${importer}: ${issues.join('; ')}`);
}
