#!/usr/bin/env python3
"""Reads everything the simulator serves with Microsoft's own Python clients.

For every list it compares the raw answer with what the SDK's models declare (property names and
types), follows all pages, and reads single items and errors. Prints what was checked; exits with 1
on any difference.

requirements.txt beside this file lists what it needs from PyPI.

    sdk_clients.py --url https://127.0.0.1:1234 --ca ca.pem --tenant T --client-id C --secret S
"""

import argparse
import datetime
import enum
import importlib
import json
import logging
import re
import sys
import typing

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient
from azure.mgmt.privatedns import PrivateDnsManagementClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from checks import conclude, differ, differences, expect, note

# What live Azure sends although the models of these SDK versions do not know it; all of it is in
# recorded answers. Everything else unknown is a mistake.
KNOWN_TO_AZURE_ONLY = {
    "routeServiceVips",  # peerings
    "enabledForArmDeployments",  # service association links
    "subnetId",  # service association links
}

refused: set[str] = set()


# --- what the models declare -------------------------------------------------------------------


def rest_fields(model) -> dict:
    """JSON name -> type of a model with `rest_field`s."""
    package = importlib.import_module(model.__module__.rsplit(".", 1)[0])
    names = {"_models": package, "datetime": datetime, "JSON": typing.Any, "types": package}
    hints = {}
    for base in reversed(model.__mro__):
        module = sys.modules.get(base.__module__)
        for attribute, annotation in getattr(base, "__annotations__", {}).items():
            field = base.__dict__.get(attribute)
            name = getattr(field, "_rest_name", None) if field is not None else None
            if name is None:
                continue
            if isinstance(annotation, str):
                annotation = typing.ForwardRef(annotation)
            scope = {**vars(typing), **vars(module), **names}
            hints[name] = typing._eval_type(annotation, scope, scope)  # noqa: SLF001
    return hints


def compare(value, hint, path: str) -> None:
    """Compares a JSON value with the type that a model with `rest_field`s declares."""
    if value is None or hint is typing.Any:
        return
    origin = typing.get_origin(hint)
    arguments = [part for part in typing.get_args(hint) if part is not type(None)]
    if origin is typing.Union:
        if len(arguments) == 1:
            return compare(value, arguments[0], path)
        enums = [part for part in arguments if isinstance(part, type) and issubclass(part, enum.Enum)]
        if enums:
            if not isinstance(value, str):
                return differ(f"{path}: {value!r} is not a text")
            known = {member.value.lower() for member in enums[0]}
            if value.lower() not in known and value != "":
                return differ(f"{path}: {value!r} is not one of {enums[0].__name__}")
        return None
    if origin in (list, typing.List):
        if not isinstance(value, list):
            return differ(f"{path}: not a list")
        for index, item in enumerate(value):
            compare(item, arguments[0], f"{path}[{index}]")
        return None
    if origin in (dict, typing.Dict):
        if not isinstance(value, dict):
            return differ(f"{path}: not an object")
        for key, item in value.items():
            compare(item, arguments[1], f"{path}.{key}")
        return None
    if not isinstance(hint, type):
        return None
    if issubclass(hint, datetime.datetime):
        return compare_time(value, path)
    plain = {bool: bool, int: int, float: (int, float), str: str}
    for declared, accepted in plain.items():
        if hint is declared:
            right = isinstance(value, accepted) and (hint is bool or not isinstance(value, bool))
            if not right:
                differ(f"{path}: {value!r} is not of type {declared.__name__}")
            return None
    if hasattr(hint, "_deserialize") or hasattr(hint, "_attribute_map"):
        return compare_model(value, hint, path)
    return None


def compare_time(value, path: str) -> None:
    """Dates are texts in ISO 8601."""
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)"
    if not isinstance(value, str) or not re.fullmatch(shape, value):
        differ(f"{path}: {value!r} is not a date and time")


def compare_model(value, model, path: str) -> None:
    """Compares a JSON object with a model of either kind."""
    if not isinstance(value, dict):
        return differ(f"{path}: not an object")
    if hasattr(model, "_attribute_map"):
        return compare_old(value, model, path)
    fields = rest_fields(model)
    for key, item in value.items():
        if key in fields:
            compare(item, fields[key], f"{path}.{key}")
        elif key not in KNOWN_TO_AZURE_ONLY:
            differ(f"{path}: {model.__name__} knows no {key!r}")
    return None


def compare_old(value: dict, model, path: str) -> None:
    """Compares a JSON object with a model with an attribute map, whose keys may be paths."""
    known: dict = {}
    for attribute in model._attribute_map.values():  # noqa: SLF001
        node = known
        *above, last = attribute["key"].split(".")
        for part in above:
            node = node.setdefault(part, {})
        node[last] = attribute["type"]
    models = importlib.import_module(model.__module__.rsplit(".", 1)[0])

    def walk(value, known, path):
        if isinstance(known, dict):
            for key, item in (value or {}).items():
                if key in known:
                    walk(item, known[key], f"{path}.{key}")
                elif key not in KNOWN_TO_AZURE_ONLY:
                    differ(f"{path}: {model.__name__} knows no {key!r}")
            return
        if value is None:
            return
        if known.startswith("["):
            if not isinstance(value, list):
                differ(f"{path}: not a list")
                return
            for index, item in enumerate(value):
                walk(item, known[1:-1], f"{path}[{index}]")
        elif known == "iso-8601":
            compare_time(value, path)
        elif known in ("str", "bool", "int", "float"):
            accepted = {"str": str, "bool": bool, "int": int, "float": (int, float)}[known]
            if not isinstance(value, accepted):
                differ(f"{path}: {value!r} is not of type {known}")
        elif hasattr(models, known):
            compare_model(value, getattr(models, known), path)

    walk(value, known, path)


# --- reading -----------------------------------------------------------------------------------


class Pages:
    """Collects the raw answers behind a list."""

    def __init__(self):
        self.raw = []

    def __call__(self, response):
        self.raw.append(json.loads(response.http_response.text()))


def read_list(what: str, call, least: int = 1, page_size: int = 0) -> list:
    """Reads a whole list and compares every item with its model."""
    pages = Pages()
    try:
        items = list(call(raw_response_hook=pages))
    except (AzureError, ValueError) as error:
        if what in refused and getattr(error, "status_code", None) == 403:
            note(f"{what}: refused as the scenario says")
        else:
            differ(f"{what}: {getattr(error, 'message', error)}")
        return []
    raw = [item for page in pages.raw for item in page["value"]]
    if len(raw) != len(items) or len(items) < least:
        differ(f"{what}: {len(items)} items read of {len(raw)}, at least {least} expected")
    if page_size and any(len(page["value"]) > page_size for page in pages.raw):
        differ(f"{what}: a page holds more than {page_size}")
    if pages.raw and "nextLink" in pages.raw[-1]:
        differ(f"{what}: a link at the end of the list")
    before = len(differences)
    for item, document in zip(items, raw):
        compare_model(document, type(item), f"{what} {document.get('name', '')}")
    if len(differences) == before:
        note(f"{what}: {len(items)} items on {len(pages.raw)} pages")
    return items


def read_item(what: str, call):
    """Reads one item and compares it with its model."""
    pages = Pages()
    try:
        item = call(raw_response_hook=pages)
    except (AzureError, ValueError) as error:
        differ(f"{what}: {getattr(error, 'message', error)}")
        return None
    before = len(differences)
    compare_model(pages.raw[0], type(item), what)
    if len(differences) == before:
        note(what)
    return item


def read_error(what: str, call, status: int, code: str) -> None:
    """Reads something that is not there."""
    try:
        result = call()
        if hasattr(result, "__next__"):
            next(result)
        differ(f"{what}: no error")
    except HttpResponseError as error:
        actual = getattr(error, "error_code", None) or (error.error.code if error.error else None)
        expect(f"{what}: {status} {code}", (error.status_code, getattr(actual, "value", actual)), (status, code))


def postgres(client, rg: str, size: int) -> None:
    servers = read_list("servers of the group", lambda **k: client.servers.list_by_resource_group(rg, **k), 1, size)
    read_list("servers of the subscription", client.servers.list_by_subscription, 1, size)
    for server in servers:
        name = server.name
        read_item(f"server {name}", lambda **k: client.servers.get(rg, name, **k))
        for what, operations, least in [
            ("databases", client.databases, 4),
            ("configurations", client.configurations, 1),
            ("backups", client.backups_automatic_and_on_demand, 1),
            ("firewall rules", client.firewall_rules, 0),
            ("replicas", client.replicas, 0),
        ]:
            read_list(what, lambda **k: operations.list_by_server(rg, name, **k), least, size)
        read_item("threat protection", lambda **k: client.advanced_threat_protection_settings.get(rg, name, "Default", **k))
        read_error("a database that is not there", lambda: client.databases.get(rg, name, "nonsense"), 404, "ResourceNotFound")
    read_error("a server that is not there", lambda: client.servers.get(rg, "nonsense"), 404, "ResourceNotFound")
    read_error("databases of no server", lambda: client.databases.list_by_server(rg, "nonsense"), 404, "ParentResourceNotFound")
    read_error("a group that is not there", lambda: client.servers.list_by_resource_group("nonsense"), 404, "ResourceGroupNotFound")


def network(client, rg: str, size: int) -> None:
    networks = read_list("networks", client.virtual_networks.list_all, 2, size)
    read_list("networks of the group", lambda **k: client.virtual_networks.list(rg, **k), 2, size)
    for vnet in networks:
        read_item(f"network {vnet.name}", lambda **k: client.virtual_networks.get(rg, vnet.name, **k))
        subnets = read_list("subnets", lambda **k: client.subnets.list(rg, vnet.name, **k), 1, size)
        expect(f"{vnet.name}: subnets inline and by path", [s.id for s in vnet.subnets], [s.id for s in subnets])
        for subnet in subnets:
            read_item(f"subnet {subnet.name}", lambda **k: client.subnets.get(rg, vnet.name, subnet.name, **k))
        read_list("peerings", lambda **k: client.virtual_network_peerings.list(rg, vnet.name, **k), 0, size)
        read_error("a subnet that is not there", lambda: client.subnets.get(rg, vnet.name, "nonsense"), 404, "NotFound")
    for group in read_list("security groups", client.network_security_groups.list_all, 2, size):
        read_list("security rules", lambda **k: client.security_rules.list(rg, group.name, **k), 0, size)
        read_list("default rules", lambda **k: client.default_security_rules.list(rg, group.name, **k), 6, size)
    read_list("route tables", client.route_tables.list_all, 0, size)
    read_list("private endpoints", client.private_endpoints.list_by_subscription, 0, size)


def private_dns(client, rg: str, size: int) -> None:
    for zone in read_list("zones", client.private_zones.list, 1, size):
        read_item(f"zone {zone.name}", lambda **k: client.private_zones.get(rg, zone.name, **k))
        read_list("links", lambda **k: client.virtual_network_links.list(rg, zone.name, **k), 2, size)
        read_list("record sets", lambda **k: client.record_sets.list(rg, zone.name, **k), 2, size)
        read_list("A records", lambda **k: client.record_sets.list_by_type(rg, zone.name, "A", **k), 1, size)
    read_error("a zone that is not there", lambda: client.private_zones.get(rg, "nonsense"), 404, "ResourceNotFound")


def storage(client, rg: str, size: int) -> list:
    read_list("accounts", client.storage_accounts.list, 2, size)
    accounts = read_list("accounts of the group", lambda **k: client.storage_accounts.list_by_resource_group(rg, **k), 2, size)
    for account in accounts:
        read_item(f"account {account.name}", lambda **k: client.storage_accounts.get_properties(rg, account.name, **k))
        read_item("blob service", lambda **k: client.blob_services.get_service_properties(rg, account.name, **k))
        for container in read_list("containers", lambda **k: client.blob_containers.list(rg, account.name, **k), 1, size):
            read_item(f"container {container.name}", lambda **k: client.blob_containers.get(rg, account.name, container.name, **k))
        read_error("no lifecycle policy", lambda: client.management_policies.get(rg, account.name, "default"), 404, "ManagementPolicyNotFound")
        read_error("no container", lambda: client.blob_containers.get(rg, account.name, "nonsense"), 404, "ContainerNotFound")
    return accounts


def authorization(client, subscription: str, rg: str, size: int) -> None:
    scope = f"/subscriptions/{subscription}"
    group = f"{scope}/resourceGroups/{rg}"
    assignments = read_list("role assignments", client.role_assignments.list_for_subscription, 4, size)
    scopes = {assignment.scope for assignment in assignments}
    expect("an assignment at the root is inherited", "/" in scopes, True)
    expect("one at a management group too", any("managementGroups" in s for s in scopes), True)
    for assignment in assignments:
        if assignment.scope == "/":
            expect("its id starts at /providers", assignment.id.startswith("/providers/"), True)
    at_scope = read_list("at the group and above", lambda **k: client.role_assignments.list_for_scope(group, filter="atScope()", **k), 1, size)
    below = [a.scope for a in at_scope if a.scope.lower().startswith(group.lower() + "/")]
    expect("nothing below the group", below, [])
    for assignment in assignments:
        principal = assignment.principal_id
        own = [a.id for a in assignments if a.principal_id == principal]
        found = read_list(f"assigned to {principal}", lambda **k: client.role_assignments.list_for_subscription(filter=f"assignedTo('{principal}')", **k), 1, size)
        expect("all its own are among them", set(own) <= {a.id for a in found}, True)
        definition = client.role_definitions.get_by_id(assignment.role_definition_id)
        note(f"role {definition.role_name}")
    read_list("role definitions", lambda **k: client.role_definitions.list(scope, **k), 5, size)
    read_list("permissions", lambda **k: client.permissions.list_for_resource_group(rg, **k), 1, size)
    read_list("deny assignments", lambda **k: client.deny_assignments.list_for_resource_group(rg, **k), 0, size)
    read_list("active instances", lambda **k: client.role_assignment_schedule_instances.list_for_scope(scope, **k), 1, size)
    read_list("eligible instances", lambda **k: client.role_eligibility_schedule_instances.list_for_scope(scope, **k), 0, size)


def kubernetes(client, rg: str, size: int) -> None:
    for cluster in read_list("clusters", lambda **k: client.managed_clusters.list_by_resource_group(rg, **k), 1, size):
        read_item(f"cluster {cluster.name}", lambda **k: client.managed_clusters.get(rg, cluster.name, **k))
        expect("the cluster's id says resourcegroups", "/resourcegroups/" in cluster.id, True)
        read_list("agent pools", lambda **k: client.agent_pools.list(rg, cluster.name, **k), 2, size)


def resources(client, rg: str, size: int) -> None:
    read_list("resource groups", client.resource_groups.list, 2, size)
    read_item("the resource group", lambda **k: client.resource_groups.get(rg, **k))
    expect("the group exists", client.resource_groups.check_existence(rg), True)
    expect("another does not", client.resource_groups.check_existence("nonsense"), False)
    read_list("inventory", lambda **k: client.resources.list_by_resource_group(rg, **k), 8, size)
    kind = "Microsoft.Storage/storageAccounts"
    read_list("inventory of one type", lambda **k: client.resources.list(filter=f"resourceType eq '{kind}'", **k), 2, size)


def locks(client, rg: str, size: int) -> None:
    read_list("locks", lambda **k: client.management_locks.list_at_resource_group_level(rg, **k), 0, size)


def subscriptions(client, subscription: str, size: int) -> None:
    read_list("subscriptions", client.subscriptions.list, 1, size)
    read_item("the subscription", lambda **k: client.subscriptions.get(subscription, **k))


def blobs(url: str, credential, accounts: list, options: dict) -> None:
    for account in accounts:
        endpoint = account.primary_endpoints.blob
        expect(f"{account.name}: the blob endpoint is here", endpoint.startswith(url), True)
        service = BlobServiceClient(endpoint, credential=credential, **options)
        for container in service.list_containers():
            client = service.get_container_client(container.name)
            expect(f"container {container.name} exists", client.exists(), True)
            whole = list(client.list_blobs(include=["copy", "metadata"]))
            names = [blob.name for blob in whole]
            expect(f"{container.name}: {len(names)} blobs in order", names, sorted(names, key=lambda n: n.encode()))
            for blob in whole:
                right = (
                    isinstance(blob.size, int)
                    and isinstance(blob.creation_time, datetime.datetime)
                    and isinstance(blob.last_modified, datetime.datetime)
                    and (blob.content_settings.content_md5 is None or len(blob.content_settings.content_md5) == 16)
                    and blob.etag
                )
                if not right:
                    differ(f"{blob.name}: {dict(blob)}")
            pages = [list(page) for page in client.list_blobs(results_per_page=2).by_page()]
            expect("the same two by two", [blob.name for page in pages for blob in page], names)
            expect("no page of more than two", max((len(page) for page in pages), default=0) <= 2, True)
            tops = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in names})
            walked = sorted(entry.name for entry in client.walk_blobs(delimiter="/"))
            expect("folders of the first level", walked, tops)
            for top in tops[:2]:
                below = [blob.name for blob in client.list_blobs(name_starts_with=top)]
                expect(f"blobs of {top}", below, [name for name in names if name.startswith(top)])
    missing = ContainerClient(accounts[0].primary_endpoints.blob, "nonsense", credential=credential, **options)
    read_error("blobs of no container", lambda: next(iter(missing.list_blobs()), None), 404, "ContainerNotFound")
    expect("it does not exist", missing.exists(), False)


def sign_in(arguments, options: dict) -> ClientSecretCredential:
    authority = {"authority": arguments.url, "disable_instance_discovery": True, **options}
    wrong = [
        ("a wrong secret", arguments.tenant, arguments.client_id, "wrong", "AADSTS7000215"),
        ("an unknown client", arguments.tenant, "0" * 8 + "-0000-0000-0000-" + "0" * 12, arguments.secret, "AADSTS700016"),
        ("an unknown tenant", "0" * 8 + "-0000-0000-0000-" + "0" * 12, arguments.client_id, arguments.secret, "tenant"),
    ]
    for what, tenant, client, secret, code in wrong:
        try:
            ClientSecretCredential(tenant, client, secret, **authority).get_token("https://management.azure.com/.default")
            differ(f"{what} signs in")
        except ClientAuthenticationError as error:
            expect(f"{what} is refused with {code}", code in str(error), True)
        except ValueError as error:
            expect(f"{what} is refused with {code}", code in str(error), True)
    return ClientSecretCredential(arguments.tenant, arguments.client_id, arguments.secret, **authority)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="https://127.0.0.1:PORT")
    parser.add_argument("--ca", required=True, help="the simulator's ca.pem")
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--subscription", default="00000000-0000-0000-0000-00000000000a")
    parser.add_argument("--resource-group", default="rg-vectice")
    parser.add_argument("--page-size", type=int, default=0, help="the page size that is simulated")
    parser.add_argument("--refused", action="append", default=[], help="a list the scenario refuses")
    arguments = parser.parse_args()
    refused.update(arguments.refused)
    logging.disable(logging.WARNING)  # the refusals that are asked for
    options = {"connection_verify": arguments.ca, "retry_total": 0}
    subscription, rg, size = arguments.subscription, arguments.resource_group, arguments.page_size

    credential = sign_in(arguments, options)
    arm = {**options, "base_url": arguments.url, "credential_scopes": ["https://management.azure.com/.default"]}
    postgres(PostgreSQLManagementClient(credential, subscription, **arm), rg, size)
    network(NetworkManagementClient(credential, subscription, **arm), rg, size)
    private_dns(PrivateDnsManagementClient(credential, subscription, **arm), rg, size)
    accounts = storage(StorageManagementClient(credential, subscription, **arm), rg, size)
    authorization(AuthorizationManagementClient(credential, subscription, **arm), subscription, rg, size)
    kubernetes(ContainerServiceClient(credential, subscription, **arm), rg, size)
    resources(ResourceManagementClient(credential, subscription, **arm), rg, size)
    locks(ManagementLockClient(credential, subscription, **arm), rg, size)
    subscriptions(SubscriptionClient(credential, **arm), subscription, size)
    other = StorageManagementClient(credential, "00000000-0000-0000-0000-0000000000ff", **arm)
    read_error("a subscription that is not there", other.storage_accounts.list, 404, "SubscriptionNotFound")
    blobs(arguments.url, credential, accounts, options)

    return conclude()


if __name__ == "__main__":
    sys.exit(main())
