import { describe, expect, it } from "vitest";
import { ApiError, isUnsettled, networkProblem, readProblem, wordsFor } from "./problem";

const error = (status: number, body: unknown, retry: string | null = null) => new ApiError(readProblem(status, body, retry));

describe("readProblem", () => {
  it("takes the code of the API before that of the status", () => {
    expect(readProblem(409, { code: "newer_messages" }, null).code).toBe("newer_messages");
    expect(readProblem(412, {}, null).code).toBe("stale_version");
    expect(readProblem(503, "gateway", null).code).toBe("unreadable");
  });

  it("leaves out items that say nothing and survives nonsense", () => {
    expect(readProblem(422, { errors: [null, 3, {}, { pointer: "/email", detail: "is taken" }] }, "soon")).toMatchObject({
      errors: [{ pointer: "/email", detail: "is taken" }],
      retryAfterSeconds: null,
    });
    expect(readProblem(500, [], null).title).toContain("500");
  });
});

describe("wordsFor", () => {
  it("tells how long to wait", () => {
    expect(wordsFor(error(429, { code: "too_many_attempts" }, "30"))).toBe("Too many attempts. Try again in 30 seconds.");
    expect(wordsFor(error(429, { code: "too_many_attempts" }, "600"))).toBe("Too many attempts. Try again in 10 minutes.");
  });

  it("adds what is wrong to a validation", () => {
    const body = { code: "validation", detail: "The input is not valid", errors: [{ detail: "`role` must be admin, agent or knowledge" }] };
    expect(wordsFor(error(422, body))).toBe("The input is not valid: `role` must be admin, agent or knowledge");
  });

  it("uses the server's words otherwise", () => {
    expect(wordsFor(error(409, { code: "not_your_turn", detail: "Ben holds this conversation; claim it first" }))).toBe(
      "Ben holds this conversation; claim it first",
    );
  });
});

describe("isUnsettled", () => {
  it("is true only where the request may have been carried out", () => {
    expect(isUnsettled(new ApiError(networkProblem()))).toBe(true);
    expect(isUnsettled(error(503, {}))).toBe(true);
    expect(isUnsettled(error(409, { code: "newer_messages" }))).toBe(false);
    expect(isUnsettled(error(422, { code: "validation" }))).toBe(false);
  });
});
