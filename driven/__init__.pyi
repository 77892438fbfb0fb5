# What `driven/__init__.py` offers, for type checkers: a stub, so that the lazy face makes no circle of imports.
from driven.errors import ConflictError as ConflictError
from driven.errors import DrivenError as DrivenError
from driven.intake import import_files as import_files
from driven.intake import init as init
from driven.model.activation import Always as Always
from driven.model.activation import ForPaths as ForPaths
from driven.model.activation import OnRequest as OnRequest
from driven.model.activation import WhenRelevant as WhenRelevant
from driven.model.artefact import Artefact as Artefact
from driven.model.artefact import Emission as Emission
from driven.model.artefact import Loss as Loss
from driven.model.artefact import Settings as Settings
from driven.model.diagnostic import Diagnostic as Diagnostic
from driven.model.plan import Plan as Plan
from driven.model.plan import SyncReport as SyncReport
from driven.model.rule import Rule as Rule
from driven.model.rule import RuleSet as RuleSet
from driven.model.target import Target as Target
from driven.pipeline import find_root as find_root
from driven.pipeline import sync as sync
from driven.span import Span as Span
from driven.trust.capability import Capability as Capability
from driven.trust.capability import CapabilityManifest as CapabilityManifest
from driven.trust.rings.guard import IntegrityGuard as IntegrityGuard
from driven.trust.rings.sandbox import Sandbox as Sandbox
from driven.validation.validate import validate as validate
from driven.views import explain as explain
from driven.views import load_rules as load_rules
from driven.views import status as status

__version__: str
__all__: list[str]
