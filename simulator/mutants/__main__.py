import json
from pathlib import Path

import click

from simulator.mutants.serving import serve_mutant
from simulator.mutants.table import MUTANTS, find


@click.group(invoke_without_command=True)
@click.option("--list", "listed", is_flag=True, help="Tell all mutants.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def main(context: click.Context, *, listed: bool, as_json: bool) -> None:
    """Simulators with one deliberate fault each."""
    if context.invoked_subcommand is not None:
        return
    if not listed:
        raise click.UsageError("expected --list, or serve NAME")
    if as_json:
        rows = [
            {
                "name": each.name,
                "kind": each.kind,
                "says": each.says,
                "requirement": each.requirement,
            }
            for each in MUTANTS
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for each in MUTANTS:
        click.echo(f"{each.name}  [{each.kind}]  {each.says}  {each.requirement}")


@main.command()
@click.argument("name")
@click.option("--port", type=int, default=0, help="0: any free one.")
@click.option("--port-file", type=Path, help="Holds the port while it answers.")
def serve(name: str, port: int, port_file: Path | None) -> None:
    """Serve a mutant, or the clean simulator as `none`, until it is stopped."""
    try:
        mutant = find(name)
    except LookupError as error:
        raise click.UsageError(str(error)) from error
    raise SystemExit(serve_mutant(mutant, port, port_file))


if __name__ == "__main__":
    main(prog_name="python -m simulator.mutants")
