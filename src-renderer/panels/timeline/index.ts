import type { PanelDefinition } from '../contract';
import TimelinePanel from './TimelinePanel.vue';

export const timelinePanel: PanelDefinition = {
  id: 'timeline',
  title: 'Timeline',
  slot: 'main',
  component: TimelinePanel,
};
