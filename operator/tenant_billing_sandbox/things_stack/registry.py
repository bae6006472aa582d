"""The service ``TenantRegistry``: create, get, list, search, update and delete (things-stack.md 2)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tenant_billing_sandbox.things_stack.authentication import Authentication
from tenant_billing_sandbox.things_stack.calls import Answer, Call
from tenant_billing_sandbox.things_stack.clock import Clock
from tenant_billing_sandbox.things_stack.contacts import (
    CONTACT_INFO_DEPRECATED,
    check_contacts,
    with_derived_contacts,
)
from tenant_billing_sandbox.things_stack.errors import (
    FORBIDDEN_ID,
    ID_TAKEN,
    MULTI_TENANCY_NOT_LICENSED,
    TENANT_NOT_FOUND,
    ThingsStackError,
)
from tenant_billing_sandbox.things_stack.field_masks import (
    ALWAYS_RETURNED,
    check_paths,
    copied,
    mask_tree,
    without_always_returned,
)
from tenant_billing_sandbox.things_stack.initial_users import check_initial_user, stored_user
from tenant_billing_sandbox.things_stack.listing import check_page, check_search, matches, page_of
from tenant_billing_sandbox.things_stack.message_json import Message, write_message
from tenant_billing_sandbox.things_stack.queries import PageQuery, SearchQuery
from tenant_billing_sandbox.things_stack.reserved_ids import RESERVED_IDS
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.store import TenantRecord, TenantStore
from tenant_billing_sandbox.things_stack.validation import validate, violation


class TenantRegistry:
    """The tenants of one installation. Every method raises ThingsStackError where the server would refuse."""

    def __init__(self, settings: ThingsStackSettings, store: TenantStore, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self._authentication = Authentication(settings.tenant_admin_keys)
        self._reserved_ids = RESERVED_IDS | settings.reserved_ids

    def create(self, request: Message, call: Call) -> Answer:
        """Make a tenant and its initial user, both or neither; not idempotent (2.1)."""
        validate("CreateTenantRequest", request)
        tenant, user = request["tenant"], request.get("initial_user")
        tenant_id = tenant["ids"]["tenant_id"]
        self._require_licence()
        if tenant_id in self._reserved_ids:
            raise ThingsStackError(FORBIDDEN_ID, id=tenant_id)
        self.enter(call)
        self._check_tenant(tenant)
        if user is not None:
            checks_password = self.settings.checks_initial_password
            check_initial_user(user, self._reserved_ids, checks_password=checks_password)
        if self.store.get(tenant_id) is not None:
            raise ThingsStackError(ID_TAKEN, id=tenant_id)
        record = self._created(tenant, user)
        self.store.write(record)
        everything = self.settings.create_answer == "Everything"
        body = self.shown(record, list(tenant) if everything else [])
        return Answer(body, warnings=_warnings("contact_info" in tenant))

    def get(self, tenant_id: str, field_mask: Sequence[str], call: Call) -> Answer:
        """One tenant, from the read replica (2.2)."""
        validate("TenantRequest", {"tenant_ids": {"tenant_id": tenant_id}})
        check_paths("Tenant", field_mask)
        self.enter(call)
        return Answer(self.shown(self.existing(self.store.read(tenant_id), tenant_id), field_mask))

    def list(self, query: PageQuery, call: Call) -> Answer:
        """A page of all tenants, from the read replica (2.3)."""
        check_page("ListTenantsRequest", query)
        check_paths("Tenant", query.field_mask)
        self.enter(call)
        return self._page(SearchQuery(), query)

    def search(self, search: SearchQuery, query: PageQuery, call: Call) -> Answer:
        """A page of the tenants that match, from the read replica (2.5)."""
        check_search(search)
        check_page("SearchTenantsRequest", query)
        check_paths("Tenant", query.field_mask)
        self.enter(call)
        return self._page(search, query)

    def update(self, request: Message, call: Call) -> Answer:
        """Write the masked fields; an empty mask moves ``updated_at`` only (2.4)."""
        validate("UpdateTenantRequest", request)
        tenant = request["tenant"]
        mask = request.get("field_mask", {}).get("paths", [])
        check_paths("Tenant", mask)
        self.enter(call)
        self._check_tenant(tenant)
        tenant_id = tenant["ids"]["tenant_id"]
        record = self.existing(self.store.get(tenant_id), tenant_id)
        written = self.written(record, tenant, mask)
        return Answer(self.shown(written, mask), warnings=_warnings("contact_info" in mask))

    def delete(self, tenant_id: str, call: Call) -> Answer:
        """Delete softly: the id stays taken for good (2.6, T-03)."""
        validate("TenantIdentifiers", {"tenant_id": tenant_id})
        self.enter(call)
        self.deleted(tenant_id)
        return Answer({})

    def enter(self, call: Call) -> None:
        """Refuse a call without licence or rights; then let a scripted fault strike."""
        self._require_licence()
        self._authentication.require_tenant_admin(call.authorization)
        call.strike()

    def existing(self, record: TenantRecord | None, tenant_id: str) -> TenantRecord:
        """The record, unless there is none or it is deleted."""
        if record is None or record.deleted_at is not None:
            raise ThingsStackError(TENANT_NOT_FOUND, tenant_id=tenant_id)
        return record

    def written(self, record: TenantRecord, tenant: Message, mask: Sequence[str]) -> TenantRecord:
        """Write the masked fields of a tenant; ``state`` alone clears its description (T-13)."""
        effective = without_always_returned(mask)
        if not self.settings.contact_info_stored:
            effective = [path for path in effective if path != "contact_info"]
        if "state" in effective and "state_description" not in effective:
            tenant = {name: value for name, value in tenant.items() if name != "state_description"}
            effective.append("state_description")
        changed = copied("Tenant", mask_tree(effective), tenant, record.tenant)
        written = replace(record, tenant=changed | {"updated_at": self.clock.tick()})
        self.store.write(written)
        return written

    def deleted(self, tenant_id: str) -> TenantRecord:
        """Delete a tenant."""
        record = self.existing(self.store.get(tenant_id), tenant_id)
        gone = replace(record, deleted_at=self.clock.tick())
        self.store.write(gone)
        return gone

    def shown(self, record: TenantRecord, mask: Sequence[str]) -> dict[str, Any]:
        """The JSON of a tenant: what the mask names, and always ids and timestamps."""
        stored = self.settings.contact_info_stored
        tenant = record.tenant if stored else with_derived_contacts(record)
        content = copied("Tenant", mask_tree([*mask, *ALWAYS_RETURNED]), tenant, {})
        return write_message("Tenant", content, counting_as_number=self.settings.counting_as_number)

    def _page(self, search: SearchQuery, query: PageQuery) -> Answer:
        found = [record for record in self.store.read_all() if matches(record, search)]
        page = page_of(found, query, page_default=self.settings.page_default)
        tenants = [self.shown(record, query.field_mask) for record in page]
        return Answer({"tenants": tenants} if tenants else {}, total_count=len(found))

    def _require_licence(self) -> None:
        if not self.settings.multi_tenancy:
            raise ThingsStackError(MULTI_TENANCY_NOT_LICENSED)

    def _check_tenant(self, tenant: Message) -> None:
        check_contacts(tenant)
        limits = self.settings.attribute_limits
        attributes = tenant.get("attributes", {})
        if limits is None:
            return
        if len(attributes) > limits.pairs:
            raise violation("Tenant", "attributes", f"it must have at most {limits.pairs} entries")
        for key, value in attributes.items():
            if len(value) > limits.value_length:
                reason = f"it must have at most {limits.value_length} characters"
                raise violation("Tenant", f"attributes[{key}]", reason)

    def _created(self, tenant: Message, user: Message | None) -> TenantRecord:
        moment = self.clock.tick()
        unstored = set() if self.settings.contact_info_stored else {"contact_info"}
        kept = {name: value for name, value in tenant.items() if name not in unstored}
        return TenantRecord(
            tenant=kept | {"created_at": moment, "updated_at": moment},
            entities={"users": 1} if user is not None else {},
            initial_user=None if user is None else stored_user(user),
            password_given=user is not None and "password" in user,
        )


def _warnings(writes_contacts: bool) -> tuple[str, ...]:  # noqa: FBT001 - the one condition
    return (CONTACT_INFO_DEPRECATED,) if writes_contacts else ()
