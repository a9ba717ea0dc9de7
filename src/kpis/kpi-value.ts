import { producedQuantity, unitBusyMs, unitProcessingMs } from "./kpi.js";
import type { ShiftTime } from "./kpi.service.js";
import type { KpiReport } from "./kpi-report.js";

/** A report as the API shows it; `report` reads what is not in it yet. */
export type KpiReportValue = ReturnType<typeof reportValue>;

export function reportValue(report: KpiReport, shift: ShiftTime | null = null) {
  const { range, sums } = report;
  return {
    ...report,
    report,
    shift,
    from: range.from,
    to: range.to,
    failureCount: sums.failureCount,
    goodQuantity: Number(sums.good),
    scrapQuantity: Number(sums.scrap),
    producedQuantity: Number(producedQuantity(sums)),
    calendarTimeMs: sums.calendarMs,
    actualProductionTimeMs: sums.productionMs,
    actualSetupTimeMs: sums.setupMs,
    actualDelayTimeMs: sums.delayMs,
    actualDownTimeMs: sums.downMs,
    actualProcessingTimeMs: unitProcessingMs(sums),
    actualBusyTimeMs: unitBusyMs(sums),
    plannedBusyTimeMs: sums.plannedBusyMs,
    plannedDownTimeMs: sums.plannedDownMs,
    notPlannedTimeMs: sums.notPlannedMs,
    unallocatedTimeMs: sums.unallocatedMs,
    overtimeMs: sums.overtimeMs,
    orderExecutionTimeMs: sums.executionMs,
  };
}
