/** A workload whose recording has the least order: both sides use random pages of two objects. */
export interface MixedSizes {
  /** Of each object, and of the device's memory: `16MiB`. */
  readonly objects: string;
  readonly device: string;
  /** Of each object. */
  readonly element: string;
  readonly repeat: number;
}

export const mixedText = ({ objects, device, element, repeat }: MixedSizes): string => `faultline: 1
name: mixed
granularity: 4KiB
deviceMemory: ${device}
objects:
  a: { size: ${objects}, element: ${element} }
  b: { size: ${objects}, element: ${element}, initially: host }
phases:
  - name: mix
    repeat: ${repeat}
    steps:
      - on: gpu
        do:
          - { readwrite: b, pattern: random, count: 1000 }
          - { read: a, pattern: zipf, count: 1000, s: 0.8, placement: hashed }
      - { on: cpu, do: [ { write: a, pattern: random, count: 1000 }, { read: b, pattern: random, count: 300 } ] }
`;
