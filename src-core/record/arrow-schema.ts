/**
 * Recordings are Arrow IPC streams: one record batch per chunk of events, in it one row per kind that occurs, and in each
 * column of that row all values of the kind, packed (see FORMATS.md, format 4). A column that a kind does not have is null.
 */
import { Binary, Field, Schema, Uint32, Uint8, Utf8 } from 'apache-arrow';
import type { RecordingHeader } from '../model/recording';
import { PACKED_COLUMNS } from './packed-chunk';

/** Key of the header's JSON in the schema's metadata. */
export const HEADER_KEY = 'faultline';
/** Column of the JSON texts, joined by line feeds. */
export const DETAIL = 'detail';
/** Column of the number of events. */
export const COUNT = 'count';

export function recordingSchema(header: RecordingHeader): Schema {
  const fields = [
    new Field('kind', new Uint8(), false),
    new Field(COUNT, new Uint32(), false),
    ...PACKED_COLUMNS.map((name) => new Field(name, new Binary(), true)),
    new Field(DETAIL, new Utf8(), true),
  ];
  return new Schema(fields, new Map([[HEADER_KEY, JSON.stringify(header)]]));
}
