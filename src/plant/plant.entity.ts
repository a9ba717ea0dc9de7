import { Column, Entity, PrimaryColumn } from "typeorm";

@Entity("machine_type")
export class MachineTypeEntity {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "text" })
  name!: string;

  @Column({ type: "integer" })
  version!: number;

  /** A MachineTypeConfig. */
  @Column({ type: "jsonb" })
  definition!: unknown;

  /** MetricDefinitions that devices told of themselves. */
  @Column({ type: "jsonb" })
  learned!: unknown;
}

@Entity("equipment")
export class EquipmentEntity {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "text" })
  path!: string;

  @Column({ type: "text" })
  name!: string;

  @Column({ type: "text" })
  level!: string;

  @Column({ type: "uuid", name: "parent_id", nullable: true })
  parentId!: string | null;

  @Column({ type: "uuid", name: "machine_type_id", nullable: true })
  machineTypeId!: string | null;

  @Column({ type: "boolean" })
  discovered!: boolean;
}
