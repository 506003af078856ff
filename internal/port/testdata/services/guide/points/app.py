from collections import defaultdict

from iniesta import Iniesta
from iniesta.sns import SNSClient
from iniesta.sqs import SQSClient
from insanic import Insanic
from insanic.conf import settings
from sanic.response import json

from . import config

settings.configure(config)
app = Insanic("points")
Iniesta.init_app(app)

# What users have. A real service has a database.
points = defaultdict(int)


async def order_placed(message):
    order = message.body
    user = order["user"]
    before = points[user] // 100
    points[user] += order["amount"]
    after = points[user] // 100
    if after == before:
        return
    level = app.xavi.create_message(
        event="LevelReached", message={"user": user, "level": after}, version=2
    )
    await level.publish()


# Python has no handler for every producer of an event: each one is named.
for producer in ["shop", "market", "kiosk"]:
    SQSClient.add_handler(order_placed, f"OrderPlaced.{producer}")


@SQSClient.handler
def nobody(message):
    print(f"nobody handles {message.event}")


@app.route("/users/<user>/points", methods=["POST"])
@SNSClient().publish_event(event="PointsGiven", source="api")
async def give(request, user):
    points[user] += 10
    return json({"user": user, "points": points[user]}, status=201)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
