/** The registry: order is the order on screen. A panel is one folder and one line here. */
import { changesPanel } from './changes';
import type { PanelDefinition } from './contract';
import { factsPanel } from './facts';
import { findingsPanel } from './findings';
import { knobsPanel } from './knobs';
import { objectsPanel } from './objects';
import { policiesPanel } from './policies';
import { reportPanel } from './report';
import { summaryPanel } from './summary';
import { systemsPanel } from './systems';
import { timelinePanel } from './timeline';

export const panels: readonly PanelDefinition[] = [
  timelinePanel,
  objectsPanel,
  summaryPanel,
  systemsPanel,
  knobsPanel,
  reportPanel,
  policiesPanel,
  changesPanel,
  findingsPanel,
  factsPanel,
];
