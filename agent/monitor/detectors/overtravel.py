"""冲顶, 蹲底: the car has reached the limit beyond its highest or lowest landing."""

from agent.monitor.detectors.held import contact_held

OVERTRAVEL_TOP = contact_held("overtravel_top", "overtravel.top")
OVERTRAVEL_BOTTOM = contact_held("overtravel_bottom", "overtravel.bottom")
