import { basename } from 'node:path';
import { Refusal } from '../../src-core/model/refusal';

/** What the operating system's error codes mean to a person, each with what to do where that is known. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist; check the path',
  ENOTDIR: 'part of its path is a file, not a folder; check the path',
  EACCES: 'permission denied; request read access, or copy the file to a place where you can read it',
  EPERM: 'the system does not allow it',
  EISDIR: 'it is a directory; give a file in it',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open; close some programs and try again',
  ENFILE: 'too many files are open; close some programs and try again',
  ENOSPC: 'the disk is full; free some space and try again',
  EDQUOT: 'your disk quota is used up; free some space and try again',
  EROFS: 'the disk is read-only; choose another folder',
  EFBIG: 'it is larger than the file system allows',
  EIO: 'the disk reported a read or write error',
  EBUSY: 'it is in use by another program',
  ETXTBSY: 'it is in use by another program',
};
const WRITE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; create the folder or choose another',
  EACCES: 'permission denied; choose a folder where you can write',
  EISDIR: 'a directory with this name exists; choose another name',
};

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** An error of the operating system as a Refusal that names the file (without folders) and the reason in plain words. */
export function osRefusal(error: unknown, path: string, doing: 'read' | 'write'): Refusal {
  const code = codeOf(error);
  const known = code === null ? undefined : ((doing === 'write' ? WRITE_REASONS[code] : undefined) ?? REASONS[code]);
  const reason = known ?? (error instanceof Error ? error.message : String(error));
  const refusal = new Refusal(
    `${basename(path)} cannot be ${doing === 'read' ? 'read' : 'written'}: ${reason}${known && code ? ` (${code})` : ''}`,
  );
  refusal.cause = error;
  return refusal;
}

/** Is this an error of the operating system (and not of the program)? */
export const isOsError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && codeOf(error) !== null;
