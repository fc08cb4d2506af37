"""Settings: defaults < baton.toml < BATON_* variables < arguments. Knows no stage; each reads what concerns it."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from orchestrator.errors import ConfigError
from orchestrator.types import Budget, Policy


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChatModelSettings(_Section):
    """A LangChain chat model that writes answers; none by default."""

    model: str | None = Field(default=None, description='as init_chat_model takes it, e.g. "openai:my-model"')
    base_url: str | None = Field(default=None, description="of an OpenAI-compatible server")
    api_key: str | None = Field(default=None, description="for that server; better given as a variable than in a file")


class EmbeddingSettings(_Section):
    """The text encoder of library and controller."""

    model: str = Field(default="embedded", description='"embedded", or a sentence-transformers id')


class ExpertSettings(_Section):
    """Which experts load."""

    allow: tuple[str, ...] | None = Field(default=None, description="names that may load; None allows all")
    deny: tuple[str, ...] = Field(default=(), description="names that may not load")
    allow_remote_code: bool = Field(default=False, description="let added checkpoints run Python code of their own")
    allow_pickle: bool = Field(default=False, description="let added checkpoints bring pickled weights")


class ControllerSettings(_Section):
    """How requests become plans."""

    name: Literal["compact", "rules", "chat_model", "cascade"] = Field(default="compact", description="who plans")
    shortlist_size: int = Field(default=48, ge=1, le=1000, description="cards that the controller chooses from")
    model: str | None = Field(
        default=None,
        description='of chat_model and cascade: as init_chat_model takes it, or "local:ID" or "local:FOLDER" for a '
        "transformers model in this process; None takes that of [chat_model], whose base_url and api_key hold for both",
    )
    weights: Path | None = Field(
        default=None,
        description="of compact: a folder that `baton controller train` wrote; none: those that come along",
    )
    escalate_below: float | None = Field(
        default=None, ge=0, le=1, description="of cascade: confidence that asks the model; none: as calibrated"
    )


class EngineSettings(_Section):
    """Where steps run."""

    name: Literal["local"] = Field(default="local", description="this machine")
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description='"auto", "cpu" or "cuda:0"')
    cpu_slots: int = Field(default=2, ge=1, le=256, description="steps that run on the CPU at once")


class Settings(BaseSettings):
    """All settings. Nested ones are BATON_ENGINE__DEVICE in the environment, [engine] device in baton.toml."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="BATON_", env_nested_delimiter="__", validate_default=True
    )

    home: Path = Field(default=Path("~/.baton"), description="state: database, vectors, artifacts, experts")
    library: str = Field(default="default", description="name of the library that is searched and added to")
    budget: Budget = Budget()
    policy: Policy = Policy()
    chat_model: ChatModelSettings = ChatModelSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    experts: ExpertSettings = ExpertSettings()
    controller: ControllerSettings = ControllerSettings()
    engine: EngineSettings = EngineSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _TomlSource(settings_cls)

    @property
    def home_path(self) -> Path:
        return self.home.expanduser().resolve()

    @property
    def database_path(self) -> Path:
        return self.home_path / "baton.db"

    @property
    def artifacts_path(self) -> Path:
        return self.home_path / "artifacts"

    @property
    def experts_path(self) -> Path:
        return self.home_path / "experts"

    @property
    def vectors_path(self) -> Path:
        return self.home_path / "vectors"


class _TomlSource(PydanticBaseSettingsSource):
    """The values of the file that `load_settings` found; set for the length of one construction."""

    values: dict[str, Any] = {}

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self.values


def load_settings(config: str | Path | Mapping[str, Any] | None = None, **arguments: Any) -> Settings:
    """The settings of this process.

    Args:
        config: a baton.toml, or its content; None takes ./baton.toml where there is one.
        arguments: settings that win over file and environment.
    Raises:
        ConfigError: no such file, no TOML, an unknown key or a bad value; names file and line.
    """
    path: Path | None = None
    values: dict[str, Any] = {}
    if isinstance(config, Mapping):
        values = dict(config)
    else:
        path = Path(config or "baton.toml")
        if path.is_file():
            try:
                values = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ConfigError(f"{path}: not valid TOML: {error}") from error
        elif config is not None:
            raise ConfigError(f"{path}: no such file", "Name a baton.toml that exists.")
    _refuse_unknown_variables()
    _TomlSource.values = values
    try:
        return Settings(**arguments)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(part) for part in first["loc"]]
        raise ConfigError(f"{_place(path, keys, values, first['input'])}: {'.'.join(keys)}: {first['msg']}") from error
    except SettingsError as error:
        section = re.search(r'field "(\w+)"', str(error))
        name = f"BATON_{section.group(1).upper()}" if section else "BATON_*"
        raise ConfigError(
            f"{name}: a variable of this section is no valid JSON",
            "Write lists and sections as JSON, e.g. BATON_EXPERTS__DENY='[\"sentiment\"]'.",
        ) from error
    finally:
        _TomlSource.values = {}


def _refuse_unknown_variables() -> None:
    """A misspelt BATON_ variable would be passed over in silence; inner keys pydantic refuses itself."""
    for name in os.environ:
        if name.startswith("BATON_"):
            field = name.removeprefix("BATON_").split("__")[0].lower()
            if field not in Settings.model_fields:
                nearest = difflib.get_close_matches(field, Settings.model_fields, n=1, cutoff=0.0)
                raise ConfigError(f"{name}: no such setting", f"Did you mean BATON_{nearest[0].upper()}?")


def _place(path: Path | None, keys: list[str], values: Mapping[str, Any], bad: Any) -> str:
    """File and line where a key stands; the other sources where the file does not hold it."""
    if path is None or not path.is_file() or not _holds(values, keys, bad):
        return "a BATON_ variable or an argument" if path is not None else "settings"
    sections = [".".join(keys[:length]) for length in range(len(keys), 0, -1)]
    lines = path.read_text(encoding="utf-8").splitlines()
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(lines, start=1):
        text = line.split("#")[0].strip()
        if text.startswith("["):
            section = text.strip("[] ")
            found.setdefault(section, number)
        elif "=" in text:
            key = text.split("=")[0].strip().strip("\"'")
            found.setdefault(f"{section}.{key}" if section else key, number)
    return f"{path}:{next((found[name] for name in sections if name in found), 1)}"


def _holds(values: Any, keys: list[str], bad: Any) -> bool:
    """Whether the bad value is the one that stands in the file, rather than one that won over it."""
    for key in keys:
        if isinstance(values, list) and key.isdigit():
            values = values[int(key)]
        elif isinstance(values, Mapping) and key in values:
            values = values[key]
        else:
            return False
    return bool(values == bad)
