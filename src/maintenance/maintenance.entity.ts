import { Column, Entity, PrimaryColumn } from "typeorm";
import type {
  MaintenanceComment,
  MaintenanceKind,
  MaintenanceOrder,
  MaintenanceStatus,
} from "./maintenance.js";

@Entity("maintenance_order")
export class MaintenanceOrderEntity implements MaintenanceOrder {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "text" })
  number!: string;

  @Column({ type: "uuid", name: "machine_id" })
  machineId!: string;

  @Column({ type: "text" })
  kind!: MaintenanceKind;

  @Column({ type: "text" })
  title!: string;

  @Column({ type: "text", nullable: true })
  description!: string | null;

  @Column({ type: "text" })
  status!: MaintenanceStatus;

  @Column({ type: "integer" })
  priority!: number;

  @Column({ type: "integer" })
  version!: number;

  @Column({ type: "boolean" })
  lockout!: boolean;

  @Column({ type: "timestamptz", name: "planned_start", nullable: true })
  plannedStart!: Date | null;

  @Column({ type: "timestamptz", name: "due_at", nullable: true })
  dueAt!: Date | null;

  @Column({ type: "timestamptz", name: "started_at", nullable: true })
  startedAt!: Date | null;

  @Column({ type: "timestamptz", name: "completed_at", nullable: true })
  completedAt!: Date | null;

  @Column({ type: "timestamptz", name: "created_at" })
  createdAt!: Date;

  @Column({ type: "uuid", name: "plan_id", nullable: true })
  planId!: string | null;

  @Column({ type: "integer", nullable: true })
  occurrence!: number | null;

  @Column({ type: "uuid", name: "alarm_id", nullable: true })
  alarmId!: string | null;

  @Column({ type: "double precision", name: "estimated_minutes", nullable: true })
  estimatedMinutes!: number | null;

  @Column({ type: "timestamptz", name: "cancelled_at", nullable: true })
  cancelledAt!: Date | null;

  @Column({ type: "text", name: "created_by", nullable: true })
  createdBy!: string | null;
}

@Entity("maintenance_comment")
export class MaintenanceCommentEntity implements MaintenanceComment {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "uuid", name: "maintenance_order_id" })
  maintenanceOrderId!: string;

  @Column({ type: "text" })
  comment!: string;

  @Column({ type: "text", name: "written_by" })
  writtenBy!: string;

  @Column({ type: "timestamptz", name: "written_at" })
  writtenAt!: Date;
}
