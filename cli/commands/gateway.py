"""`provenance gateway`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError, ConfigError, ErrorCode, ProvenanceError

from ..console import shown, talk
from ..exit_codes import ExitCode
from ..issuance import publish
from ..options import FormatsOption, WorkspaceOption, accepted, open_workspace
from ..times import duration

if TYPE_CHECKING:
    import socket

    from provenance.gateway import Policy
    from provenance.workspace import Workspace

_GRACE_SECONDS = 30


def gateway(
    upstream: Annotated[
        str,
        typer.Option(metavar="URL", help="The server whose answers are stamped."),
    ],
    workspace: WorkspaceOption = None,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
    ] = "127.0.0.1:8080",
    model: Annotated[str | None, typer.Option(help="Name of the generating model.")] = None,
    model_version: Annotated[str | None, typer.Option(help="Version of the model.")] = None,
    model_map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ASKED=NAME",
            help="State this model name where a request asks for that one. Names that are not "
            "listed are never taken from a request. Repeatable.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="How pictures are written [default: each in its own format]."
        ),
    ] = None,
    formats: FormatsOption = None,
    pass_links: Annotated[
        bool,
        typer.Option("--pass-links", help="Pass answers that link to pictures elsewhere."),
    ] = False,
    pass_named_sources: Annotated[
        bool,
        typer.Option(
            "--pass-named-sources",
            help="Pass requests that only name their source picture; it is not recorded then.",
        ),
    ] = False,
    pass_type: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE",
            help="Pass answers of this media type that do not begin like an image, e.g. "
            "audio/mpeg. Repeatable.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Threads that stamp.")] = 2,
    exchanges: Annotated[
        int, typer.Option(min=1, help="Requests at the same time; more get 503.")
    ] = 256,
    memory: Annotated[
        int, typer.Option(metavar="MB", min=1, help="Held by all bodies together.")
    ] = 1000,
    max_request: Annotated[int, typer.Option(metavar="MB", min=1, help="One request.")] = 64,
    max_response: Annotated[int, typer.Option(metavar="MB", min=1, help="One answer.")] = 96,
    connect_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For a connection to the upstream.")
    ] = "5s",
    read_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For the next piece of its answer.")
    ] = "5m",
    total_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For a request and its answer.")
    ] = "10m",
    client_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For a client to send or take the next piece.")
    ] = "1m",
    checkpoint: Annotated[
        str, typer.Option(metavar="TIME", help="How often the issuance log is published.")
    ] = "1m",
) -> None:
    """Pass requests on to one server, and stamp every picture in its answers or refuse them.

    One line of JSON for each exchange goes to standard error, without any of its content.
    """
    import asyncio
    import ipaddress
    import signal

    try:
        import uvicorn
    except ImportError as error:
        raise ConfigError(
            "uvicorn is not installed", hint="pip install 'provenance[gateway]'"
        ) from error
    from provenance.gateway import GatewayLimits, UpstreamTimeouts, proxy_app

    opened = open_workspace(workspace)
    stamper = opened.stamper()
    every = duration(checkpoint).total_seconds()

    async def publishing() -> None:
        while True:
            await asyncio.sleep(every)
            await asyncio.to_thread(publish, opened)

    app = proxy_app(
        upstream,
        replace(stamper, formats=accepted(stamper.formats, formats)),
        replace(
            _policy(opened, model, model_version, model_map or [], format_),
            pass_links=pass_links,
            pass_named_sources=pass_named_sources,
            pass_types=frozenset(name.lower() for name in pass_type or ()),
        ),
        limits=GatewayLimits(
            exchanges=exchanges,
            workers=workers,
            held_bytes=memory * 1_000_000,
            request_bytes=max_request * 1_000_000,
            response_bytes=max_response * 1_000_000,
            total_seconds=duration(total_timeout).total_seconds(),
            client_seconds=duration(client_timeout).total_seconds(),
        ),
        timeouts=UpstreamTimeouts(
            connect=duration(connect_timeout).total_seconds(),
            read=duration(read_timeout).total_seconds(),
            write=duration(client_timeout).total_seconds(),
        ),
        background=publishing,
    )
    config = uvicorn.Config(
        app,
        http="h11",  # strict about the framing of requests
        ws="none",
        lifespan="on",
        access_log=False,  # it would name paths and queries
        log_config=None,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    place = _socket(listen)
    _log_to_stderr()
    # uvicorn takes these while it runs, and hands them on when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    host, port = place.getsockname()[:2]
    if not ipaddress.ip_address(host).is_loopback:
        talk("warning: others can reach it: it has no TLS and no authentication of its own")
    talk(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        uvicorn.Server(config).run(sockets=[place])
    finally:
        publish(opened)
    talk("stopped")
    raise typer.Exit(ExitCode.TRACED)


def _policy(
    opened: Workspace,
    model: str | None,
    model_version: str | None,
    model_map: list[str],
    format_: str | None,
) -> Policy:
    from provenance import Encoding, Generation
    from provenance.gateway import Policy

    chosen = opened.settings.stamp
    models = {}
    for pair in model_map:
        asked, sign, name = pair.partition("=")
        if not sign or not asked:
            raise ArgumentError(
                f"{shown(pair)} is no pair of models", hint="--model-map ASKED=NAME"
            )
        models[asked] = Generation(model=name)
    return Policy(
        generation=Generation(
            model=model or chosen.model, model_version=model_version or chosen.model_version
        ),
        models=models,
        encoding=Encoding.parse(format_) if format_ else None,
    )


def _socket(listen: str) -> socket.socket:
    import socket

    host, _, port = listen.rpartition(":")
    hint = "--listen HOST:PORT, for example 127.0.0.1:8080"
    if not host or not (port.isascii() and port.isdigit()):
        raise ArgumentError(f"{shown(listen)} is no host and port", hint=hint)
    bare = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, int(port)), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise ProvenanceError(
            f"cannot listen on {shown(listen)}: {error}", hint=hint, code=ErrorCode.IO
        ) from error


def _log_to_stderr() -> None:
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("provenance.gateway")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
