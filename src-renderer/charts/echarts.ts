/** The parts of ECharts that we use, registered once: the whole package would double the bundle. */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export type Chart = EChartsType;
export const createChart = (element: HTMLElement): Chart => init(element, null, { renderer: 'canvas' });
