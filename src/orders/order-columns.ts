/** Columns as the rules name them, of `production_order p` and `operation o`. */
export const ORDER_COLUMNS = `p.id, p.number, p.product, p.quantity, p.unit, p.due_at AS "dueAt", p.priority,
  p.planned_start AS "plannedStart", p.planned_end AS "plannedEnd", p.status, p.status_at AS "statusAt",
  p.status_reason AS "statusReason", p.version, p.started_at AS "startedAt", p.ended_at AS "endedAt",
  p.created_at AS "createdAt"`;
export const OPERATION_COLUMNS = `o.id, o.order_id AS "orderId", o.sequence, o.name, o.overlap, o.status,
  o.status_at AS "statusAt", o.status_reason AS "statusReason", o.held_with_order AS "heldWithOrder",
  o.planned_machine_id AS "plannedMachineId", o.machine_id AS "machineId", o.planned_start AS "plannedStart",
  o.planned_end AS "plannedEnd", o.ideal_cycle_time_ms AS "idealCycleTimeMs", o.counting_source AS "countingSource",
  o.completion, o.good_quantity AS "goodQuantity", o.scrap_quantity AS "scrapQuantity",
  o.started_at AS "startedAt", o.ended_at AS "endedAt"`;
