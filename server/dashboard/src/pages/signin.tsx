import { useState } from "preact/hooks";
import { ProblemError, signIn } from "../api/client.ts";

/** Asks for a token; the address stays, so that a link leads to its view after signing in. */
export function SignIn() {
  const [token, setToken] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await signIn(token.trim());
    } catch (problem) {
      setError(problem instanceof ProblemError ? (problem.problem.status === 401 ? "This token is not known here, or it has expired." : problem.problem.detail) : "The server cannot be reached.");
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/icon.svg" width={40} height={40} alt="" />
        <h1>Analytics</h1>
        <p class="quiet">Where did the money go? Sign in with a token of this server.</p>
        <label>
          <span>Token</span>
          <input data-token type="password" autocomplete="current-password" spellcheck={false} required value={token} placeholder="ana_…" aria-invalid={error !== null} aria-describedby="signin-error" onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        <p class="field-error" id="signin-error" role="alert">
          {error}
        </p>
        <button type="submit" class="button primary" disabled={isBusy || token.trim() === ""}>
          Sign in
        </button>
        <details>
          <summary>How do I get a token?</summary>
          <p>On the server, for yourself:</p>
          <pre>analytics token create --organization ID --user ID</pre>
        </details>
      </form>
    </main>
  );
}
