/**
 * Messages as bytes for transports that carry bytes (WebSocket): a JSON text in which typed arrays are replaced by
 * references, then the arrays themselves, each aligned to eight bytes. MessagePorts carry messages as they are.
 *
 *   u32 length of the JSON | JSON (UTF-8) | padding | array 0 | padding | array 1 …
 */
import { Refusal } from '../model/refusal';
import type { Message } from './messages';

interface ArrayReference {
  readonly $array: 'f64' | 'u8';
  readonly at: number;
  readonly length: number;
}

const align = (value: number): number => (value + 7) & ~7;

export function encodeMessage(message: Message): Uint8Array {
  const arrays: { at: number; bytes: Uint8Array }[] = [];
  let at = 0;
  // The holder's own value: a Buffer would arrive here as what its toJSON made of it.
  const text = JSON.stringify(message, function (this: Record<string, unknown>, key, shown: unknown) {
    const value = this[key];
    if (!(value instanceof Float64Array) && !(value instanceof Uint8Array)) return shown;
    const raw = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const reference: ArrayReference = {
      $array: value instanceof Float64Array ? 'f64' : 'u8',
      at,
      length: value.length,
    };
    arrays.push({ at, bytes: raw });
    at = align(at + raw.length);
    return reference;
  });
  const json = new TextEncoder().encode(text);
  const start = align(4 + json.length);
  const out = new Uint8Array(start + at);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, 4);
  for (const array of arrays) out.set(array.bytes, start + array.at);
  return out;
}

function isReference(value: unknown): value is ArrayReference {
  return typeof value === 'object' && value !== null && '$array' in value;
}

/** Throws Refusal on bytes that are not a message. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < 4) throw new Refusal('the message is shorter than its header');
  const copy = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes); // not slice(): a Buffer's shares its memory
  const jsonLength = new DataView(copy.buffer, copy.byteOffset).getUint32(0, true);
  if (4 + jsonLength > copy.length) throw new Refusal('the message is shorter than given in its header');
  const start = copy.byteOffset + align(4 + jsonLength);
  const end = copy.byteOffset + copy.length;
  const revive = (_key: string, value: unknown): unknown => {
    if (!isReference(value)) return value;
    const size = value.$array === 'f64' ? 8 : 1;
    if (!(value.at >= 0) || !(value.length >= 0) || start + value.at + value.length * size > end)
      throw new Refusal('an array extends beyond the end of the message');
    return value.$array === 'f64'
      ? new Float64Array(copy.buffer, start + value.at, value.length)
      : new Uint8Array(copy.buffer, start + value.at, value.length);
  };
  try {
    return JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + jsonLength)), revive) as Message;
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(`the message is not JSON: ${String(cause)}`);
  }
}
