/**
 * The bounds of a workload file, each with a name: reaching one is a refusal that says the number, the limit and what
 * to do. All of them are checked before anything is run, from closed formulas, so a file cannot make the loader hang.
 */
import { GIB, MAX_ADDRESS, MIB } from '../base/units';
import { VA_BLOCK_BYTES } from '../model/space';

/** Largest workload file, in UTF-8 bytes. */
export const MAX_FILE_BYTES = 4 * MIB;
/** Most `[ { , :`, list dashes and line ends: parsing costs about 6 µs for each. 65,535 objects need about 400,000. */
export const MAX_STRUCTURE_MARKS = 500_000;
/** Deepest nesting of lists and maps. The language needs 12. */
export const MAX_DEPTH = 64;
/** Most nodes that YAML aliases may repeat (`maxAliasCount` of the yaml package). */
export const MAX_ALIASES = 100;
/** Most problems named by one refusal. */
export const MAX_PROBLEMS = 20;
/** Most problems whose place and nearest word are looked up, both of which cost time on large files. */
export const MAX_PLACED_PROBLEMS = 100;
/** Most words among which the nearest is searched. */
export const MAX_SUGGESTIONS = 1000;
/** Longest name and longest `about`, in characters. */
export const MAX_NAME_LENGTH = 200;
export const MAX_ABOUT_LENGTH = 2000;

/** One object, and all of them with their padding to 2 MiB: the user half of a 48-bit address space. */
export const MAX_OBJECT_BYTES = MAX_ADDRESS;
/** One element is one access; larger ones are written as ranges of smaller elements. */
export const MAX_ELEMENT_BYTES = VA_BLOCK_BYTES;

/** Largest `repeat` of a phase or step, `passes` and `count`-like factors of one loop. */
export const MAX_REPEAT = 1e9;
/** Largest `count` of random draws of one loop. */
export const MAX_DRAWS = 1e11;
/** Element accesses of a whole run: counted in doubles, exact up to here. */
export const MAX_ACCESSES = 2 ** 53;
/** Run-length groups and single points of a whole run: what the engine's time grows with (about a day at 1 M/s). */
export const MAX_UNITS = 1e11;
/** Most steps of one `concurrently`. */
export const MAX_BRANCHES = 64;
/** Most processes of one file, main among them. */
export const MAX_PROCESSES = 64;
/** Most forks, exits and steps of processes that are followed to see whether each process is there when it is used. */
export const MAX_LIFE_EVENTS = 65_536;

/** Elements of an object that random draws can number: the index column is 32 bits wide. */
export const MAX_INDEXED_ELEMENTS = 2 ** 32;
/** Elements of one random permutation (chase, zipf): 256 MiB of indices. */
export const MAX_PERMUTED_ELEMENTS = 2 ** 26;
/** All permutations and Zipf tables of one file together. */
export const MAX_TABLE_BYTES = GIB;
