"""site: a built site served to this machine alone, and built again when the skills change."""

from mlskill.apps.site.server import Server
from mlskill.apps.site.watcher import watch

__all__ = ["Server", "watch"]
