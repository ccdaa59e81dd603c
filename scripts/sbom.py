"""What is in the packages of salesagent, as SPDX 2.3: the program and the libraries it is linked with, those of the system by the
Debian package they come from. Called by scripts/package.

Usage: sbom.py VERSION BINARY PACKED <LIST     (LIST: "NAME PATH" of libraries; PACKED: a pattern of those inside the .deb)
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys


def sha256(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def package_of(path):
    """(package, version) of the file by dpkg's own records; its name alone where they know nothing."""
    for name in (path, os.path.realpath(path), os.path.realpath(path).replace('/usr/lib/', '/lib/', 1)):
        found = subprocess.run(['dpkg-query', '-S', name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True).stdout
        if found:
            package = found.splitlines()[0].split(': ')[0].split(',')[0]
            shown = subprocess.run(['dpkg-query', '-W', '-f', '${source:Package} ${Version}', package], check=True,
                                   stdout=subprocess.PIPE, universal_newlines=True).stdout
            source, version = shown.split()
            return package.split(':')[0], source, version
    return os.path.basename(path), os.path.basename(path), 'unknown'


def main():
    version, binary, packed = sys.argv[1:4]
    made = datetime.datetime.fromtimestamp(int(os.environ.get('SOURCE_DATE_EPOCH', '0')), datetime.timezone.utc)
    packages = [{'SPDXID': 'SPDXRef-salesagent', 'name': 'salesagent', 'versionInfo': version, 'downloadLocation': 'NOASSERTION',
                 'filesAnalyzed': False, 'licenseConcluded': 'Apache-2.0', 'licenseDeclared': 'Apache-2.0', 'copyrightText': 'NOASSERTION'}]
    relations = [{'spdxElementId': 'SPDXRef-DOCUMENT', 'relationshipType': 'DESCRIBES', 'relatedSpdxElement': 'SPDXRef-salesagent'}]
    seen = set()
    for line in sorted(sys.stdin):
        name, path = line.split()
        package, source, its_version = package_of(path)
        if package in seen:
            continue
        seen.add(package)
        spdx = 'SPDXRef-' + re.sub(r'[^A-Za-z0-9.-]', '-', package)
        packages.append({'SPDXID': spdx, 'name': package, 'versionInfo': its_version, 'downloadLocation': 'NOASSERTION', 'filesAnalyzed': False,
                         'licenseConcluded': 'NOASSERTION', 'licenseDeclared': 'NOASSERTION', 'copyrightText': 'NOASSERTION',
                         'comment': 'inside the Debian package' if re.match(packed, name) else 'of the system; inside the tarball',
                         'externalRefs': [{'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl',
                                           'referenceLocator': 'pkg:deb/debian/%s@%s?source=%s' % (package, its_version, source)}]})
        relations.append({'spdxElementId': 'SPDXRef-salesagent', 'relationshipType': 'DEPENDS_ON', 'relatedSpdxElement': spdx})
    digest = sha256(binary)
    json.dump({'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': 'salesagent-' + version,
               'documentNamespace': 'https://spdx.org/spdxdocs/salesagent-%s-%s' % (version, digest),
               'creationInfo': {'created': made.strftime('%Y-%m-%dT%H:%M:%SZ'), 'creators': ['Tool: salesagent-scripts-package']},
               'packages': packages, 'relationships': relations}, sys.stdout, indent=1)
    sys.stdout.write('\n')


main()
