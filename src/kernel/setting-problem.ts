import type { z } from "zod";

type Issue = z.core.$ZodRawIssue;
type Found = z.core.$ZodIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of settings",
  record: "a map",
};

/**
 * What is wrong with a setting, in the words of who writes it.
 * @returns undefined where the schema says it better itself.
 */
export function settingProblem(issue: Issue): string | undefined {
  if (issue.input === undefined && issue.code !== "custom") return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return mustBe(issue.values);
    case "unrecognized_keys":
      return `there is no setting ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_union":
      return unionProblem(issue.errors);
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
      return issue.origin === "number" ? `must be at least ${issue.minimum}` : undefined;
    case "too_big":
      return issue.origin === "number" ? `must be at most ${issue.maximum}` : undefined;
    default:
      return undefined;
  }
}

function mustBe(values: readonly z.core.util.Primitive[]): string {
  const [first, ...others] = values.map(String);
  return others.length === 0 ? `must be ${first}` : `must be one of ${[first, ...others].join(", ")}`;
}

/** Of the forms that a setting may have, what the one wants that it comes closest to. */
function unionProblem(forms: readonly (readonly Found[])[]): string | undefined {
  const first = forms.flatMap((found) => found.slice(0, 1));
  const near = first.reduce<Found | null>(
    (best, found) => (best === null || found.path.length > best.path.length ? found : best),
    null,
  );
  if (near === null) return undefined;
  if (near.path.length > 0) return `${near.path.map(String).join(".")}: ${near.message}`;
  const wanted = first.map(({ message }) => message.replace(/^must be /, ""));
  return first.every(({ message }) => message.startsWith("must be "))
    ? `must be ${wanted.join(" or ")}`
    : near.message;
}
