// Errors of the API as one type, with words an agent can act on.

export interface ProblemItem {
  pointer?: string;
  line?: number;
  column?: number;
  detail: string;
}

export interface Problem {
  /** The API's code, or `network` (nothing came back) or `unreadable` (something else than the API answered). */
  code: string;
  status: number;
  title: string;
  detail: string;
  errors: ProblemItem[];
  retryAfterSeconds: number | null;
}

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The code of an API error, else null. */
export function codeOf(error: unknown): string | null {
  return error instanceof ApiError ? error.code : null;
}

/** True when the request may have been carried out although no answer came: only the same request may be sent again. */
export function isUnsettled(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "network" || error.code === "unreadable" || error.status >= 500);
}

export function networkProblem(): Problem {
  return {
    code: "network",
    status: 0,
    title: "No connection",
    detail: "The server can’t be reached. Check the connection and try again.",
    errors: [],
    retryAfterSeconds: null,
  };
}

/** Reads a problem document; anything else becomes `unreadable` with the status as its explanation. */
export function readProblem(status: number, body: unknown, retryAfter: string | null): Problem {
  const fields = isRecord(body) ? body : {};
  const known = typeof fields["code"] === "string";
  const title = text(fields["title"]) ?? `The server answered with status ${status}`;
  return {
    code: known ? (fields["code"] as string) : (CODE_OF_STATUS[status] ?? "unreadable"),
    status,
    title,
    detail: text(fields["detail"]) ?? title,
    errors: Array.isArray(fields["errors"]) ? fields["errors"].flatMap(readItem) : [],
    retryAfterSeconds: seconds(retryAfter),
  };
}

/** What to show a person. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong in the console. Reload the page if it happens again.";
  const { code, detail, retryAfterSeconds, errors } = error.problem;
  if (code === "too_many_attempts") {
    return retryAfterSeconds ? `Too many attempts. Try again in ${wait(retryAfterSeconds)}.` : "Too many attempts. Wait a little.";
  }
  if (code === "forbidden") return detail || "Your role does not allow this.";
  const first = errors[0];
  return code === "validation" && first && first.detail !== detail ? `${detail}: ${first.detail}` : detail;
}

const CODE_OF_STATUS: Record<number, string> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  412: "stale_version",
  422: "validation",
  429: "too_many_attempts",
};

function wait(total: number): string {
  if (total < 90) return total === 1 ? "1 second" : `${total} seconds`;
  return `${Math.ceil(total / 60)} minutes`;
}

function readItem(item: unknown): ProblemItem[] {
  if (!isRecord(item)) return [];
  const detail = text(item["detail"]) ?? text(item["message"]);
  if (detail === null) return [];
  const found: ProblemItem = { detail };
  if (typeof item["pointer"] === "string") found.pointer = item["pointer"];
  if (typeof item["line"] === "number") found.line = item["line"];
  if (typeof item["column"] === "number") found.column = item["column"];
  return [found];
}

function seconds(header: string | null): number | null {
  const value = header === null ? NaN : Number.parseInt(header, 10);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
