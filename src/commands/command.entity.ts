import { Column, Entity, PrimaryColumn } from "typeorm";

@Entity("command")
export class CommandEntity {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "uuid", name: "machine_id" })
  machineId!: string;

  @Column({ type: "text" })
  name!: string;

  @Column({ type: "jsonb", nullable: true })
  arguments!: object | null;

  @Column({ type: "text" })
  status!: string;

  @Column({ type: "text", nullable: true })
  reason!: string | null;

  @Column({ type: "jsonb", nullable: true })
  result!: object | null;

  @Column({ type: "text", name: "requested_by" })
  requestedBy!: string;

  @Column({ type: "text" })
  source!: string;

  @Column({ type: "text" })
  topic!: string;

  @Column({ type: "timestamptz", name: "queued_at" })
  queuedAt!: Date;

  @Column({ type: "timestamptz", name: "send_started_at", nullable: true })
  sendStartedAt!: Date | null;

  @Column({ type: "timestamptz", name: "sent_at", nullable: true })
  sentAt!: Date | null;

  @Column({ type: "timestamptz", name: "accepted_at", nullable: true })
  acceptedAt!: Date | null;

  @Column({ type: "timestamptz", name: "finished_at", nullable: true })
  finishedAt!: Date | null;

  @Column({ type: "timestamptz", name: "expires_at" })
  expiresAt!: Date;

  @Column({ type: "timestamptz", name: "scheduled_at", nullable: true })
  scheduledAt!: Date | null;

  @Column({ type: "boolean", name: "one_at_a_time" })
  oneAtATime!: boolean;

  @Column({ type: "jsonb" })
  policy!: object;

  @Column({ type: "integer" })
  sends!: number;

  @Column({ type: "timestamptz", name: "retry_at", nullable: true })
  retryAt!: Date | null;

  @Column({ type: "timestamptz", name: "proved_late_at", nullable: true })
  provedLateAt!: Date | null;
}
