import { Column, Entity, PrimaryColumn } from "typeorm";
import type { CountingSource, Operation, OperationCompletion, OperationStatus } from "./operation.js";
import type { OrderStatus, ProductionOrder } from "./order.js";

@Entity("production_order")
export class ProductionOrderEntity implements ProductionOrder {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "text" })
  number!: string;

  @Column({ type: "text" })
  product!: string;

  @Column({ type: "numeric" })
  quantity!: string;

  @Column({ type: "text" })
  unit!: string;

  @Column({ type: "timestamptz", name: "due_at", nullable: true })
  dueAt!: Date | null;

  @Column({ type: "integer" })
  priority!: number;

  @Column({ type: "timestamptz", name: "planned_start", nullable: true })
  plannedStart!: Date | null;

  @Column({ type: "timestamptz", name: "planned_end", nullable: true })
  plannedEnd!: Date | null;

  @Column({ type: "text" })
  status!: OrderStatus;

  @Column({ type: "timestamptz", name: "status_at" })
  statusAt!: Date;

  @Column({ type: "text", name: "status_reason", nullable: true })
  statusReason!: string | null;

  @Column({ type: "integer" })
  version!: number;

  @Column({ type: "timestamptz", name: "started_at", nullable: true })
  startedAt!: Date | null;

  @Column({ type: "timestamptz", name: "ended_at", nullable: true })
  endedAt!: Date | null;

  @Column({ type: "timestamptz", name: "created_at" })
  createdAt!: Date;
}

@Entity("operation")
export class OperationEntity implements Operation {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "uuid", name: "order_id" })
  orderId!: string;

  @Column({ type: "integer" })
  sequence!: number;

  @Column({ type: "text" })
  name!: string;

  @Column({ type: "boolean" })
  overlap!: boolean;

  @Column({ type: "text" })
  status!: OperationStatus;

  @Column({ type: "timestamptz", name: "status_at" })
  statusAt!: Date;

  @Column({ type: "text", name: "status_reason", nullable: true })
  statusReason!: string | null;

  @Column({ type: "boolean", name: "held_with_order" })
  heldWithOrder!: boolean;

  @Column({ type: "uuid", name: "planned_machine_id", nullable: true })
  plannedMachineId!: string | null;

  @Column({ type: "uuid", name: "machine_id", nullable: true })
  machineId!: string | null;

  @Column({ type: "timestamptz", name: "planned_start", nullable: true })
  plannedStart!: Date | null;

  @Column({ type: "timestamptz", name: "planned_end", nullable: true })
  plannedEnd!: Date | null;

  @Column({ type: "double precision", name: "ideal_cycle_time_ms", nullable: true })
  idealCycleTimeMs!: number | null;

  @Column({ type: "text", name: "counting_source" })
  countingSource!: CountingSource;

  @Column({ type: "text" })
  completion!: OperationCompletion;

  @Column({ type: "numeric", name: "good_quantity" })
  goodQuantity!: string;

  @Column({ type: "numeric", name: "scrap_quantity" })
  scrapQuantity!: string;

  @Column({ type: "timestamptz", name: "started_at", nullable: true })
  startedAt!: Date | null;

  @Column({ type: "timestamptz", name: "ended_at", nullable: true })
  endedAt!: Date | null;
}
