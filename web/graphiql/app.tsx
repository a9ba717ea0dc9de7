import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { forgetApiKey, readApiKey, rememberApiKey } from "./api-key.ts";
import { connect } from "./connection.ts";
import { exampleTabs } from "./examples.ts";
import { SignIn } from "./sign-in.tsx";

const initialKey = readApiKey();
const examples = exampleTabs(new Date());

export function App() {
  const [key, setKey] = useState(initialKey);
  const [refused, setRefused] = useState(false);
  const connection = useMemo(() => connect(key, () => setRefused(true)), [key]);
  useEffect(() => () => void connection.socket.dispose(), [connection]);

  const signIn = (entered: string) => {
    rememberApiKey(entered);
    setKey(entered);
    setRefused(false);
  };
  const signOut = () => {
    forgetApiKey();
    setKey(null);
    setRefused(false);
  };

  return (
    <>
      <header className="page-header">
        <strong>mes-twin</strong>
        <span>the plant's digital twins, as one graph</span>
        {key !== null && !refused && (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      {refused ? (
        <SignIn rejected={key !== null} onKey={signIn} />
      ) : (
        // A new key needs a new introspection, so it gets a new GraphiQL; its tabs live in local storage.
        <GraphiQL
          key={key}
          fetcher={connection.fetcher}
          defaultTabs={examples}
          defaultEditorToolsVisibility="variables"
        />
      )}
    </>
  );
}
