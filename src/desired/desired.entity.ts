import { Column, Entity, PrimaryColumn } from "typeorm";

@Entity("desired_machine")
export class DesiredMachineEntity {
  @PrimaryColumn({ type: "uuid", name: "machine_id" })
  machineId!: string;

  @Column({ type: "integer" })
  version!: number;

  @Column({ type: "integer" })
  revision!: number;

  @Column({ type: "timestamptz", name: "changed_at" })
  changedAt!: Date;

  @Column({ type: "boolean" })
  withdrawn!: boolean;
}

@Entity("desired")
export class DesiredEntity {
  @PrimaryColumn({ type: "uuid", name: "machine_id" })
  machineId!: string;

  @PrimaryColumn({ type: "text" })
  metric!: string;

  @Column({ type: "text" })
  value!: string;

  @Column({ type: "text", name: "data_type" })
  dataType!: string;

  @Column({ type: "integer" })
  version!: number;

  @Column({ type: "text" })
  status!: string;

  @Column({ type: "text", nullable: true })
  reason!: string | null;

  @Column({ type: "text", name: "requested_by" })
  requestedBy!: string;

  @Column({ type: "timestamptz", name: "requested_at" })
  requestedAt!: Date;

  @Column({ type: "timestamptz", name: "sent_at", nullable: true })
  sentAt!: Date | null;

  @Column({ type: "timestamptz", name: "follow_by", nullable: true })
  followBy!: Date | null;

  @Column({ type: "timestamptz" })
  since!: Date;
}
