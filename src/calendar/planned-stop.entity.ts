import { Column, Entity, PrimaryColumn } from "typeorm";
import type { PlannedStop } from "./planned-stop.js";

@Entity("planned_stop")
export class PlannedStopEntity implements PlannedStop {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "uuid", name: "equipment_id" })
  equipmentId!: string;

  @Column({ type: "timestamptz", name: "from_time" })
  from!: Date;

  @Column({ type: "timestamptz", name: "to_time" })
  to!: Date;

  @Column({ type: "text" })
  reason!: string;

  @Column({ type: "text", name: "planned_by" })
  plannedBy!: string;

  @Column({ type: "timestamptz", name: "planned_at" })
  plannedAt!: Date;

  @Column({ type: "timestamptz", name: "cancelled_at", nullable: true })
  cancelledAt!: Date | null;

  @Column({ type: "text", name: "cancelled_by", nullable: true })
  cancelledBy!: string | null;
}
