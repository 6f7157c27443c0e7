/**
 * Recordings are Arrow IPC streams: one schema for all kinds of events, one record batch per chunk and kind. Columns that
 * a kind does not have are null in its batches: "not recorded", never zero. See FORMATS.md.
 */
import { Field, Float64, Schema, Uint16, Uint32, Uint8, Utf8, type DataType } from 'apache-arrow';
import { EVENT_COLUMNS } from '../model/events';
import type { RecordingHeader } from '../model/recording';
import { COLUMN_NAMES } from './columns';

/** Key of the header's JSON in the schema's metadata. */
export const HEADER_KEY = 'faultline';
/** Column of the JSON texts. */
export const DETAIL = 'detail';

const TYPES = {
  u8: () => new Uint8(),
  u16: () => new Uint16(),
  u32: () => new Uint32(),
  f64: () => new Float64(),
} as const;

export const columnType = (name: keyof typeof EVENT_COLUMNS): DataType => TYPES[EVENT_COLUMNS[name]]();

export function recordingSchema(header: RecordingHeader): Schema {
  const fields = COLUMN_NAMES.map((name) => new Field(name, columnType(name), true));
  fields.push(new Field(DETAIL, new Utf8(), true));
  return new Schema(fields, new Map([[HEADER_KEY, JSON.stringify(header)]]));
}
