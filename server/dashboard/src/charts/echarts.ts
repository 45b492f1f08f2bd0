// Only the parts that are used. Tooltips, legends and axis pointers are our own: exact, escaped, and usable by keyboard.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, GridComponent, CanvasRenderer]);

export { init, use, type EChartsType };
