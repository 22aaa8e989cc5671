-- SPDX-License-Identifier: Apache-2.0
-- Step Functions: an execution with an input that the definition can use.

return {
  app = {
    { name = "all_states", code = [==[
def all_states(machine):
    """Return every state of a definition, nested ones too, by name."""
    found = {}
    for name, state in machine.get("States", {}).items():
        found[name] = state
        branches = state.get("Branches", [])
        for key in ("Iterator", "ItemProcessor"):
            branches = branches + ([state[key]] if key in state else [])
        for branch in branches:
            found.update(all_states(branch))
    return found
]==] },
    { name = "place", code = [==[
def place(document, path, value):
    """Set a value at a simple path such as $.order.total, if nothing is there."""
    parts = path[2:].split(".")
    for part in parts[:-1]:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            return
    document.setdefault(parts[-1], value)
]==] },
    { name = "choice_values", code = [==[
def choice_values(rule):
    """Yield path and value pairs that make a choice rule true."""
    for nested in rule.get("And", []) + rule.get("Or", []):
        yield from choice_values(nested)
    if "Variable" in rule:
        keys = [key for key in rule if key not in ("Variable", "Next", "Comment")]
        value = rule[keys[0]] if keys else "lsqm"
        if keys and keys[0].endswith("GreaterThan"):
            value = value + 1 if isinstance(value, (int, float)) else value
        yield rule["Variable"], value
]==] },
    { name = "execution_input", code = [==[
def execution_input(machine):
    """Return an input that has a value at every path the definition reads."""
    document = {}
    states = all_states(machine)
    for state in states.values():
        for rule in state.get("Choices", []):
            for path, value in choice_values(rule):
                if re.fullmatch(r"\$(\.\w+)+", path):
                    place(document, path, value)
        if state["Type"] == "Map" and "ItemsPath" in state:
            place(document, state["ItemsPath"], [{"id": unique()}])
    for path in re.findall(r'"(\$(?:\.\w+)+)"', json.dumps(machine)):
        place(document, path, unique())
    return document
]==] },
    { name = "waits_long", code = [==[
def waits_long(machine):
    """Tell whether a definition waits for time to pass or for someone to answer."""
    states = all_states(machine).values()
    tokens = any("waitForTaskToken" in state.get("Resource", "") for state in states)
    return tokens or any(state["Type"] == "Wait" for state in states)
]==] },
    { name = "declared_errors", code = [==[
def declared_errors(machine):
    """Return the errors that Fail states of a definition end with."""
    states = all_states(machine).values()
    return {state.get("Error") for state in states if state["Type"] == "Fail"}
]==] },
    { name = "run_machine", code = [==[
def run_machine(sfn, arn, document, seconds=30):
    """Start an execution, wait for its end and return its description."""
    started = sfn.start_execution(stateMachineArn=arn, input=json.dumps(document))
    execution = started["executionArn"]

    def probe():
        found = sfn.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return wait_for(probe, seconds) or sfn.describe_execution(executionArn=execution)
]==] },
  },
  checks = {
    ["sfn.execution"] = {
      as = "machine", clients = "sfn",
      doc = "An execution starts and comes to its end.",
      body = [==[
definition = json.loads(machine["definition"])
document = app.execution_input(definition)
if machine.get("type") == "EXPRESS":
    ended = sfn.start_sync_execution(
        stateMachineArn=machine["arn"], input=json.dumps(document)
    )
else:
    long = app.waits_long(definition)
    ended = app.run_machine(sfn, machine["arn"], document, 5 if long else 30)
    if long and ended["status"] == "RUNNING":
        sfn.stop_execution(executionArn=ended["executionArn"])
        continue
if ended.get("error") in app.declared_errors(definition) - {None}:
    continue
assert ended["status"] == "SUCCEEDED", ended.get("cause") or ended.get("error")
]==] },
    ["sfn.definition"] = {
      as = "machine", clients = "sfn",
      doc = "The state machine has the definition of its configuration.",
      body = [==[
found = sfn.describe_state_machine(stateMachineArn=machine["arn"])
assert json.loads(found["definition"]) == json.loads(machine["definition"])
]==] },
  },
}
