"""What faults of billing make of a price."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from simulator.domain.errors import Rejection
from simulator.domain.faults import Fired, find
from simulator.domain.pricing import Quote
from simulator.domain.pricing import credits as shown
from simulator.engine.plan import Plan
from simulator.engine.store.base import Store
from simulator.engine.worlds import Caller


def repriced(plan: Plan, fired: Iterable[Fired]) -> Plan:
    """The plan at the price that a fault gives it, told in its formula."""
    price = changed(plan.price, fired)
    return plan if price is plan.price else replace(plan, price=price)


def changed(price: Quote, fired: Iterable[Fired]) -> Quote:
    """The price after a change of prices; the catalogue's, if there is none."""
    effect = find(fired, "price")
    if effect is None:
        return price
    factor, credits = effect.number("factor"), effect.number("credits")
    if factor is None:
        millicredits = int((credits or Fraction(0)) * 1000)
        formula = f"{price.formula}; changed to {shown(millicredits)} credits"
    else:
        millicredits = int(price.millicredits * factor)
        formula = f"{price.formula}; changed by x {float(factor):g} = {shown(millicredits)}"
    return replace(price, millicredits=millicredits, formula=formula)


def quoted(price: Quote, fired: Iterable[Fired]) -> Quote:
    """What an estimate tells: the changed price, or a stale one."""
    price, stale = changed(price, fired), find(fired, "stale_estimate")
    factor = None if stale is None else stale.number("factor")
    if factor is None:
        return price
    millicredits = int(price.millicredits * factor)
    formula = f"{price.formula}; told as x {float(factor):g} = {shown(millicredits)}"
    return replace(price, millicredits=millicredits, formula=formula)


def felt_in(error: BaseException, fired: Iterable[Fired]) -> tuple[Fired, ...]:
    """Those that made a start's refusal, or changed the price in it; the others did not come to
    pass."""
    if not isinstance(error, Rejection) or error.code != "insufficient_credits":
        return ()
    return tuple(one for one in fired if one.effect.kind in ("insufficient", "price"))


async def check_want(
    store: Store, caller: Caller, plan: Plan, now_ms: int, fired: Iterable[Fired]
) -> None:
    """Raises the refusal that the provider has been seen to give although the credits were
    there, if a fault asks for it."""
    if find(fired, "insufficient") is None:
        return
    balance = await store.balance(caller.world.id, caller.account, now_ms)
    raise Rejection(
        "insufficient_credits",
        "This account's credits do not suffice.",
        required_credits=shown(plan.price.millicredits),
        available_credits=shown(balance.available),
    )
