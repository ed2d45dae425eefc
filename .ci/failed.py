"""Say which tests failed and with which words, one line each, from the XML that pytest left in target/."""

import sys
from xml.etree import ElementTree

for report in sys.argv[1:]:
    for case in ElementTree.parse(report).iter("testcase"):
        for fault in (*case.iter("failure"), *case.iter("error")):
            words = " ".join(fault.get("message", "").split())[:600]
            print(f"Failed: {case.get('name')} ({case.get('classname')}): {words}")
