import type { PanelDefinition } from '../contract';
import KnobsPanel from './KnobsPanel.vue';

export const knobsPanel: PanelDefinition = {
  id: 'knobs',
  title: 'Knobs',
  slot: 'bottom',
  component: KnobsPanel,
};
