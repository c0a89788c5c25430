"""What can be the matter on the way to the broker, step by step. A table."""

from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, failed, fine, unknown, warning

NAME: Final = Check(
    "broker.name",
    Say("Name of the broker", "消息服务器名称"),
    {
        "resolved": fine("the name is known", "名称可解析"),
        "name_unknown": failed(
            "the name cannot be resolved: misspelt, or the name server is out of reach",
            "无法解析：拼写错误，或域名服务器不可达",
            "Check mqtt.host; then the name server: resolvectl query {host}",
            "检查 mqtt.host；再查域名服务器：resolvectl query {host}",
        ),
    },
)
TCP: Final = Check(
    "broker.tcp",
    Say("Connection to the broker", "到消息服务器的连接"),
    {
        "connects": fine("the broker takes connections", "服务器接受连接"),
        "name_unknown": failed(
            "see broker.name", "见 broker.name", "See broker.name", "见 broker.name"
        ),
        "refused": failed(
            "nothing listens there: the broker is stopped or uses another port",
            "该端口无人监听：服务器未运行或端口不符",
            "Check mqtt.port (1883, or 8883 with TLS) and that the broker runs",
            "检查 mqtt.port（1883，TLS 多为 8883），并确认服务器在运行",
        ),
        "no_answer": failed(
            "no answer: a firewall, a broken link, or the wrong address",
            "无应答：被防火墙阻断、线路中断或地址错误",
            "Check the network: ping {host}; then ask who runs the firewall for port {port}",
            "检查网络：ping {host}；再请网管开放端口 {port}",
        ),
        "unreachable": failed(
            "there is no way to the broker from here",
            "从本机无法到达消息服务器",
            "Check this computer's network: ip addr, ip route",
            "检查本机网络：ip addr、ip route",
        ),
        "not_tried": unknown("not tried", "未尝试"),
    },
)
TLS: Final = Check(
    "broker.tls",
    Say("TLS with the broker", "与消息服务器的 TLS"),
    {
        "trusted": fine("the broker is who it says", "服务器身份可信"),
        "not_used": fine(
            "TLS is not configured; use it across foreign networks", "未配置 TLS；经外网时应启用"
        ),
        "wrong_ca": failed(
            "the broker's certificate is signed by nobody this agent trusts",
            "服务器证书不是由受信任的 CA 签发",
            "Put the certificate of the broker's authority into mqtt.ca_file",
            "把服务器所用 CA 的证书填入 mqtt.ca_file",
        ),
        "wrong_name": failed(
            "the broker's certificate is for another name",
            "服务器证书的名称不符",
            "Set mqtt.host to a name in the certificate",
            "把 mqtt.host 设为证书中的名称",
        ),
        "expired": failed(
            "the broker's certificate, or one above it, has expired",
            "服务器证书或其上级证书已过期",
            "Ask the broker's operator to renew it",
            "请服务器管理员更新证书",
        ),
        "not_yet_valid": failed(
            "the broker's certificate is not valid yet",
            "服务器证书尚未生效",
            "Ask the broker's operator when it begins; compare with: date -u",
            "向服务器管理员确认生效时间；与 date -u 对照",
        ),
        "clock_unsynchronised": failed(
            "the certificate is out of date by this computer's clock, which was never set",
            "按本机时钟证书不在有效期，而时钟从未校准",
            "Set the clock first: see clock.sync",
            "先校准时钟：见 clock.sync 项",
        ),
        "not_tls": failed(
            "what listens there does not speak TLS",
            "该端口不使用 TLS",
            "Check mqtt.port (8883 at most brokers) and mqtt.tls",
            "检查 mqtt.port（多为 8883）和 mqtt.tls",
        ),
        "wants_certificate": failed(
            "the broker demands a certificate of this agent",
            "服务器要求客户端证书",
            "Set mqtt.certificate_file and mqtt.key_file",
            "设置 mqtt.certificate_file 和 mqtt.key_file",
        ),
        "own_certificate_refused": failed(
            "the broker does not accept this agent's certificate",
            "服务器不接受本终端的证书",
            "Have it renewed or signed by the broker's authority: mqtt.certificate_file",
            "续期或由服务器的 CA 重新签发：mqtt.certificate_file",
        ),
        "file_unusable": failed(
            "a certificate or key of this agent cannot be used",
            "本终端的证书或私钥无法使用",
            "Do what the figures say, then: elevator-agent check",
            "按所示原因处理，再运行 elevator-agent check",
        ),
        "failed": failed(
            "TLS did not come about",
            "TLS 握手失败",
            "Ask the broker's operator what its log says",
            "请服务器管理员查看其日志",
        ),
        "not_tried": unknown(
            "the key is a systemd credential, which only the service is given",
            "私钥是 systemd 凭据，仅服务可读",
            "Start the service and ask again",
            "启动服务后再查",
        ),
    },
)
CERTIFICATE: Final = Check(
    "broker.certificate",
    Say("Certificate", "证书"),
    {
        "valid": fine("it holds for long enough", "有效期充足"),
        "expiring": warning(
            "it ends soon; after that nothing arrives at the broker",
            "即将到期；到期后消息将无法送达",
            "Have it renewed before {date}",
            "请在 {date} 前续期",
        ),
        "expired": failed(
            "it has ended, and nothing arrives at the broker",
            "已到期，消息无法送达",
            "Have it renewed now; it ended on {date}",
            "立即续期；已于 {date} 到期",
        ),
        "not_judged": unknown(
            "the clock is not synchronised, so days cannot be counted",
            "时钟未同步，无法计算天数",
            "Set the clock first: see clock.sync",
            "先校准时钟：见 clock.sync 项",
        ),
    },
)
LOGIN: Final = Check(
    "broker.login",
    Say("Login at the broker", "登录消息服务器"),
    {
        "accepted": fine("the broker lets the agent in", "服务器允许登录"),
        "bad_login": failed(
            "the broker does not take user name and password, or bans this client",
            "用户名或密码被拒，或该客户端不得连接",
            "Check mqtt.username, mqtt.password_file and the broker's user list",
            "检查 mqtt.username、mqtt.password_file 和服务器的用户表",
        ),
        "client_id_refused": failed(
            "the broker does not take this client id",
            "服务器拒绝该客户端标识",
            "Set mqtt.client_id to what is prescribed there",
            "把 mqtt.client_id 设为服务器规定的标识",
        ),
        "wrong_version": failed(
            "the broker does not speak this version of MQTT",
            "服务器不支持此 MQTT 版本",
            'Set mqtt.protocol = "3.1.1", or have the broker renewed',
            '设置 mqtt.protocol = "3.1.1"，或升级服务器',
        ),
        "password_unusable": failed(
            "the password's file cannot be used",
            "密码文件无法使用",
            "Do what the figures say: mqtt.password_file",
            "按所示原因处理：mqtt.password_file",
        ),
        "broker_busy": failed(
            "the broker is not available at the moment, or has too many clients",
            "服务器暂不可用，或连接过多",
            "Wait a minute; if it lasts, ask the broker's operator",
            "稍候；如持续，请联系服务器管理员",
        ),
        "no_answer": failed(
            "the connection is taken and nothing is said: the broker hangs, or something between swallows what is sent",
            "连接被接受但无任何应答：服务器卡死，或中间设备吞掉了数据",
            "Have the broker's operator look at it; then check what stands between: a proxy, a firewall",
            "请服务器管理员检查；再检查中间的代理或防火墙",
        ),
        "not_mqtt": failed(
            "what answers there is no MQTT broker, or speaks TLS there",
            "该端口不是 MQTT，或使用 TLS",
            "Check mqtt.host, mqtt.port and mqtt.tls",
            "检查 mqtt.host、mqtt.port 和 mqtt.tls",
        ),
        "refused": failed(
            "the broker refuses the connection",
            "服务器拒绝连接",
            "Ask the broker's operator what its log says",
            "请服务器管理员查看其日志",
        ),
        "not_tried": unknown(
            "the password is a systemd credential, which only the service is given, or this user may not read it",
            "密码是 systemd 凭据（仅服务可读），或当前用户无权读取",
            "Start the service and ask again, or run it as root: sudo elevator-agent doctor",
            "启动服务后再查，或以 root 运行：sudo elevator-agent doctor",
        ),
    },
)
PUBLISH: Final = Check(
    "broker.publish",
    Say("Publishing", "发布"),
    {
        "acknowledged": fine("the broker takes what is published", "服务器接收所发布的消息"),
        "refused": failed(
            "the broker refuses messages, so events do not arrive",
            "服务器拒绝消息，事件无法送达",
            "Have its access list allow this user to write below {root}",
            "请在其访问控制表中允许该用户写 {root} 之下",
        ),
        "no_puback": failed(
            "the broker took a message and did not acknowledge it",
            "服务器收到消息但未确认",
            "Check the network for loss: ping -c 20 {host}; then ask the broker's operator",
            "检查丢包：ping -c 20 {host}；再联系服务器管理员",
        ),
        "not_yet": unknown("nothing was published yet", "尚未发布任何消息"),
    },
)
LIMITS: Final = Check(
    "broker.limits",
    Say("Limits of the broker", "消息服务器限制"),
    {
        "wide_enough": fine("its limits leave room for everything the agent sends", "其限制足够"),
        "no_qos1": failed(
            "the broker does not do QoS 1, which nothing here can do without",
            "服务器不支持 QoS 1，而本终端必须使用",
            "Ask the broker's operator to allow it",
            "请服务器管理员开启",
        ),
        "no_retain": failed(
            "the broker keeps no retained messages, which status and alarms need",
            "服务器不支持保留消息，而状态和报警需要它",
            "Ask the broker's operator to allow them",
            "请服务器管理员开启",
        ),
        "packet_small": warning(
            "events with a long waveform may be larger than the broker takes",
            "带长波形的事件可能超过服务器上限",
            "Ask the broker's operator for a maximum packet size of {least} bytes",
            "请服务器管理员把最大报文设为 {least} 字节",
        ),
        "not_told": unknown("the broker told no limits", "服务器未告知限制"),
    },
)
IDENTITY: Final = Check(
    "broker.identity",
    Say("Alone under this name", "标识唯一"),
    {
        "alone": fine("nobody else uses this client id or elevator", "无人使用相同标识"),
        "two_agents": failed(
            "another client uses this client id, or another agent the same elevator.site and elevator.id",
            "另一客户端使用相同客户端标识，或另一终端的 elevator.site 与 elevator.id 相同",
            "Find the second agent (a copied card?) and give it its own elevator.id",
            "找出第二台终端（复制的存储卡？），改用自己的 elevator.id",
        ),
        "kicked_out": failed(
            "the broker lets the agent in and the connection breaks within a minute, again and again: most likely "
            "another client with the same client id (some brokers say nothing when they hand it over)",
            "服务器允许登录，但连接总在一分钟内断开：多半是另一客户端使用相同客户端标识（有的服务器移交时不作说明）",
            "Find the second agent (a copied card?) and give it its own elevator.id; else look for packet loss",
            "找出第二台终端（复制的存储卡？），改用自己的 elevator.id；否则检查丢包",
        ),
        "left_over": unknown(
            "the broker keeps the status of another start that says online, and nobody answers: most likely an old one",
            "服务器上留有另一次启动的在线状态，但无人应答：多半是旧的",
            "Start the service, which puts it right; if identity_conflict is raised then, find the second agent",
            "启动服务即可更正；若随后报 identity_conflict，找出第二台终端",
        ),
        "not_known": unknown("not connected, so nobody can tell", "未连接，无法判断"),
    },
)
