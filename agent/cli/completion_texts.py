"""What `elevator-agent completion` says, in English and Chinese. A table."""

from collections.abc import Mapping

COMPLETION_TEXTS: Mapping[str, tuple[str, str]] = {
    "completion.short": (
        "Teach your shell to complete this command.",
        "让终端可用 Tab 补全本命令。",
    ),
    "completion.help": (
        (
            "Print the lines that make Tab complete verbs, options, event codes, drivers and profiles in bash, "
            "zsh or fish. Put them where your shell reads such files."
        ),
        "输出补全脚本：可补全命令、选项、事件代码、驱动与寄存器表。\n\n按示例放到终端会读取的位置。",
    ),
    "completion.examples": (
        (
            'eval "$(elevator-agent completion bash)"\n'
            "elevator-agent completion bash > /etc/bash_completion.d/elevator-agent\n"
            "elevator-agent completion zsh | less"
        ),
        "",
    ),
}
