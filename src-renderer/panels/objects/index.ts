import type { PanelDefinition } from '../contract';
import ObjectsPanel from './ObjectsPanel.vue';

export const objectsPanel: PanelDefinition = {
  id: 'objects',
  title: 'Objects',
  slot: 'bottom',
  component: ObjectsPanel,
};
