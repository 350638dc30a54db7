/** A code for a machine to be enrolled with. */
export interface EnrolmentReport {
  /** The machine. */
  readonly machine: string;
  /** Seven groups of six letters and digits; used once. A secret until then. */
  readonly code: string;
  /** Until when it can be used, ISO 8601. */
  readonly until: string;
  /** Where the server listens for agents, "HOST:PORT". */
  readonly listen: string;
}

/** What a server knows of the agent of a machine. */
export interface AgentReport {
  /** The machine. */
  readonly machine: string;
  /** `away`: enrolled, and not connected. */
  readonly state: 'connected' | 'away' | 'revoked';
  /** When it was enrolled, ISO 8601. */
  readonly enrolled?: string;
  /** When it was last connected, ISO 8601. */
  readonly lastHeard?: string;
  /** Its address, while it is connected. */
  readonly peer?: string;
  /** How far its newest point lies behind now, milliseconds; left out before the first point. */
  readonly lagMs?: number;
}
