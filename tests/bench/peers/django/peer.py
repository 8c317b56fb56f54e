"""Read one issue, as a careful team would write it with Django REST framework: the same table, the same policies, the same tokens.

gunicorn peer:application; the environment says PEER_DATABASE (a conninfo of the serving role) and PEER_JWKS (where the public keys are)
or PEER_SECRET (an HS256 key file). One file, because the bench wants one resource.
"""
import json
import os
import urllib.request

import django
import jwt
from django.conf import settings
from django.core.wsgi import get_wsgi_application

HOLDERS = "{owner,manager,contributor,risk_owner,top_management,internal_auditor,reader,consultant}"
CONNINFO = dict(pair.split("=", 1) for pair in os.environ["PEER_DATABASE"].split())
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG=False, SECRET_KEY="unused", USE_TZ=True, INSTALLED_APPS=["rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": CONNINFO["dbname"], "USER": CONNINFO["user"],
                           "HOST": CONNINFO["host"], "CONN_MAX_AGE": None}},
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]})
django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import authentication, exceptions, serializers  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Issue(models.Model):
    id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    ref = models.TextField()
    version = models.IntegerField()
    created_at = models.DateTimeField()
    created_by = models.UUIDField()
    updated_at = models.DateTimeField()
    updated_by = models.UUIDField()
    archived_at = models.DateTimeField(null=True)
    status = models.TextField()
    title = models.TextField()
    description = models.TextField(null=True)
    origin = models.TextField()
    effect = models.TextField()
    concern = models.TextField()
    category = models.TextField()
    influence = models.IntegerField()
    control = models.IntegerField()
    owner_id = models.UUIDField(null=True)
    review_on = models.DateField(null=True)
    reviewed_on = models.DateField(null=True)
    priority = models.IntegerField()
    quadrant = models.TextField()

    class Meta:
        app_label = "peer"
        managed = False
        db_table = 'context"."issue'


class IssueSerializer(serializers.ModelSerializer):
    class Meta:
        model = Issue
        exclude = ["tenant_id"]


class Caller:
    is_authenticated = True

    def __init__(self, subject):
        self.subject = subject


class Bearer(authentication.BaseAuthentication):
    keys = {}

    def key(self, token):
        header = jwt.get_unverified_header(token)
        if not self.keys:
            if os.environ.get("PEER_SECRET"):
                text = open(os.environ["PEER_SECRET"], "rb").read().strip()
                self.keys[header["kid"]] = (bytes.fromhex(text.decode()), "HS256")
            else:
                for one in json.load(urllib.request.urlopen(os.environ["PEER_JWKS"]))["keys"]:
                    found = jwt.PyJWK.from_dict(one)
                    self.keys[one["kid"]] = (found.key, one["alg"])
        return self.keys[header["kid"]]

    def authenticate(self, request):
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            key, algorithm = self.key(token)
            claims = jwt.decode(token, key, algorithms=[algorithm], audience="ballium", options={"require": ["exp", "sub"]})
        except Exception as error:
            raise exceptions.AuthenticationFailed(str(error)) from error
        return Caller(claims["sub"]), token


class IssueView(APIView):
    authentication_classes = [Bearer]
    tenants = {}

    def get(self, request, org, id):
        with transaction.atomic(), connection.cursor() as cursor:
            tenant = self.tenants.get(org)
            if tenant is None:
                cursor.execute("SELECT id FROM core.find_organisation(%s)", [org])
                tenant = self.tenants[org] = cursor.fetchone()[0]
            cursor.execute("SELECT core.enter(%s, %s, 'context.issue:read', %s::text[])", [request.user.subject, tenant, HOLDERS])
            try:
                issue = Issue.objects.get(tenant_id=tenant, id=id)
            except Issue.DoesNotExist:
                raise exceptions.NotFound() from None
        return Response(IssueSerializer(issue).data, headers={"ETag": f'"{issue.version}"'})


urlpatterns = [path("api/v1/orgs/<slug:org>/context/issues/<uuid:id>", IssueView.as_view())]
application = get_wsgi_application()
