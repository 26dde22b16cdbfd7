"""How models compute attention, by the way in which that can be intercepted: one file a way.

Each file gives ``modules(root)``, what computes attention, and ``intercepted(modules, handlers)``, within which a
handler is called in the place of a module's attention function. What is common to all is a :class:`Call`.
"""
