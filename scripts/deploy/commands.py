"""Command lines of `ashlar`: taken from the files that have them, and compared with what the program says of itself."""
import json
import os
import re
import shlex
import subprocess
import tempfile
import tomllib
from pathlib import Path

# Commands of a build with the feature `bench`, which may not be the one at hand.
OPTIONAL = {"bench", "selftest"}


class Program:
    """What `ashlar --help` says of a command: its flags with their values, its commands, whether it takes arguments."""

    def __init__(self, path):
        self.path = path if path and os.access(path, os.X_OK) else None
        self._known = {}
        self._variables = None

    def _ask(self, *arguments):
        # Nobody's own settings.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ASHLAR")}
        run = subprocess.run([self.path, *arguments], capture_output=True, text=True, env=environment, check=False)
        return run.returncode, run.stdout, run.stderr.strip()

    def command(self, path):
        if path not in self._known:
            code, text, error = self._ask(*path, "--help")
            if code != 0:
                raise RuntimeError(f"`ashlar {' '.join(path)} --help` fails: {error}")
            self._known[path] = parse_help(text)
        return self._known[path]

    def variables(self):
        """Every ASHLAR_* variable that sets something."""
        if self._variables is None:
            code, text, error = self._ask("config", "keys")
            if code != 0:
                raise RuntimeError(f"`ashlar config keys` fails: {error}")
            self._variables = set(re.findall(r"\bASHLAR_[A-Z0-9_]+\b", text))
            self._variables |= {"ASHLAR_CONFIG", "ASHLAR_LOG", "ASHLAR_LOG_FORMAT", "ASHLAR_OPERATOR_KEY"}
        return self._variables

    def config_error(self, path):
        code, _, error = self._ask("config", "check", path)
        return None if code == 0 else error


def parse_help(text):
    """The parts of clap's long help that matter here."""
    flags, commands, positional, section, last = {}, set(), False, None, None
    for line in text.splitlines():
        if heading := re.match(r"^(Usage|Commands|Arguments|Options|Environment)\b", line):
            section, last = heading[1], None
        elif section == "Commands" and (found := re.match(r"^  ([a-z][a-z0-9-]*)(\s|$)", line)):
            commands.add(found[1])
        elif section == "Arguments" and re.match(r"^  [<\[]", line):
            positional = True
        elif section == "Options" and (found := re.match(r"^\s+(?:-\w, )?(--[a-z][a-z0-9-]*)(?:[ =]<([^>]+)>)?", line)):
            last = flags[found[1]] = {"value": found[2] is not None, "values": None}
        if last and (found := re.search(r"\[possible values: ([^\]]+)\]", line)):
            last["values"] = set(found[1].split(", "))
        elif last and last["values"] is None and line.strip() == "Possible values:":
            last["values"] = set()
        elif last and isinstance(last["values"], set) and (found := re.match(r"^\s+- ([a-z0-9-]+):", line)):
            last["values"].add(found[1])
    return {"flags": flags, "commands": commands, "positional": positional}


def check_line(program, words):
    """What is wrong with a command line, without the program's name."""
    if not words:
        return ["names no command"]
    if program.path is None:
        bad = [word for word in words if word.startswith("--") and not re.match(r"^--[a-z][a-z0-9-]*(=.*)?$", word, re.S)]
        return [f"{word} is no flag" for word in bad]
    problems, command, index = [], (), 0
    known = program.command(())
    while index < len(words):
        word = words[index]
        index += 1
        if not word.startswith("-"):
            if word in known["commands"]:
                command = (*command, word)
                known = program.command(command)
            elif command == () and word in OPTIONAL:
                return problems
            elif not known["positional"]:
                problems.append(f"`{' '.join(('ashlar', *command))}` takes no `{word}`")
            continue
        flag, equals, value = word.partition("=")
        of = known["flags"].get(flag)
        if of is None:
            problems.append(f"`{' '.join(('ashlar', *command))}` has no {flag}")
            continue
        if not of["value"]:
            if equals:
                problems.append(f"{flag} takes no value")
            continue
        if not equals:
            if index == len(words):
                problems.append(f"{flag} has no value")
                continue
            value = words[index]
            index += 1
        # A value that the file's reader fills in is not judged.
        if of["values"] and "$" not in value and not set(value.split(",")) <= of["values"]:
            problems.append(f"{flag} takes {', '.join(sorted(of['values']))}, not `{value}`")
    if not command:
        problems.append("names no command")
    elif known["commands"] and command != ("farm",):
        problems.append(f"`{' '.join(('ashlar', *command))}` needs a command")
    return problems


def check_variables(program, names):
    """Variables that set nothing."""
    if program.path is None:
        return []
    return [
        f"{name} sets nothing: `ashlar config keys` lists what does"
        for name in names
        if name.startswith("ASHLAR_") and name not in program.variables()
    ]


def check_config(program, text):
    """What is wrong with a configuration file."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [f"not TOML: {error}"]
    if program.path is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ashlar.toml"
        path.write_text(text)
        error = program.config_error(path)
    return [error] if error else []


def in_document(text):
    """The command lines of `ashlar` in a document's blocks marked `bash`."""
    for block in re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("ashlar "):
                # `…` stands for what the reader adds.
                yield [word for word in shlex.split(line, comments=True)[1:] if word != "…"]


def notes(program):
    """What is not checked."""
    if program.path is None:
        yield "no ashlar in target/release or target/suite: flags of command lines are not compared with it"


def json_array(text):
    """The words of an instruction in its JSON form, or nothing."""
    try:
        words = json.loads(text)
    except json.JSONDecodeError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None
