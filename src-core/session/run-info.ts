import type { RunInfo } from '../protocol/answers';
import { findingsOf, type Recorded, type Runnable } from './open';

/** What was opened, for clients. */
export function infoOf(opened: Runnable | Recorded): RunInfo {
  const { header } = opened;
  return {
    title: header.title,
    about: header.about,
    file: header.workload.file,
    kind: opened.kind === 'recording' ? 'recording' : header.workload.kind,
    scenario: header.scenario,
    axis: header.axis,
    objects: header.objects.map(({ name, bytes, address }) => ({ name, bytes, address })),
    phases: opened.kind === 'recording' ? [] : opened.phases,
    capacityBytes: header.scenario.deviceMemoryBytes * header.devices,
    findings: findingsOf(opened),
    workloadText: header.workloadText,
  };
}
