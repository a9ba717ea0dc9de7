import { type FormEvent, useState } from "react";

interface SignInProps {
  /** True when a key was sent and not accepted, false when none was sent. */
  rejected: boolean;
  onKey(key: string): void;
}

export function SignIn({ rejected, onKey }: SignInProps) {
  const [entered, setEntered] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = entered.trim();
    if (key !== "") onKey(key);
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>Sign in</h1>
        {rejected && (
          <p role="alert">The server does not accept this browser's key any more, or it was mistyped.</p>
        )}
        <p>
          The administrator's key stands in the link that the server prints at its first start, and in the
          file <code>admin.key</code> in <code>DATA_DIR</code> (<code>./data/admin.key</code> unless set
          otherwise).
        </p>
        <label htmlFor="key">Key</label>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the form is all there is on the page
          autoFocus
          value={entered}
          onChange={(event) => setEntered(event.target.value)}
        />
        <button type="submit" disabled={entered.trim() === ""}>
          Sign in
        </button>
      </form>
    </main>
  );
}
